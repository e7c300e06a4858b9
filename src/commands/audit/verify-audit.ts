import { firstOf } from '../../core/first-of.ts';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import * as z from 'zod';
import type { Finding, Severity } from '../../audit/finding.ts';
import { countText } from '../../core/count-text.ts';
import { AuditError } from '../../core/errors.ts';
import { EXIT } from '../../core/exit-codes.ts';
import type { VerifiedFleet } from '../../fleet/verify-fleet.ts';
import { writeJson } from '../../terminal/json.ts';

import { writeTable, type Cell } from '../../terminal/table.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { runVerification } from './run-verification.ts';
import { targetHosts } from './target.ts';

const flagsSchema = z.object({ full: z.boolean().default(false), strict: z.boolean().default(false) });

/** @throws AuditError HISTORY_CHANGED, or with `--strict` CHANGED_OUTSIDE. */
export async function verifyAudit(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const { full, strict } = flagsSchema.parse(command.opts());
  const fleet = await loadFleetConfig(cli, command);
  const verified = await runVerification(cli, command, { fleet, hosts: targetHosts(fleet, command), full });
  if (sharedFlags(command).json) writeJson(cli.stdout, recordOf(verified));
  else writeReport(cli, verified);
  conclude(cli, verified, strict);
}

function recordOf({ view, findings, hosts, unread }: VerifiedFleet): unknown {
  return {
    journal: { lines: view.digests.length, id: view.chain.id, head: view.chain.head.head },
    hosts: hosts.map(({ host, verified, lines, apt }) => ({
      host,
      verified,
      lines: lines.length,
      aptRuns: apt.length,
    })),
    notChecked: [...unread].map(([host, why]) => ({ host, why })),
    findings,
  };
}

const HEADINGS: readonly (readonly [Severity, string])[] = [
  ['changed', 'Changed, or not as it is written down:'],
  ['outside', 'Done besides this controller:'],
  ['note', 'Worth knowing:'],
];

/** What was read, and what was found. */
export function writeReport(cli: Cli, { view, findings, hosts, unread }: VerifiedFleet): void {
  const lines = hosts.reduce((sum, host) => sum + host.lines.length, 0);
  const runs = hosts.reduce((sum, host) => sum + host.apt.length, 0);
  cli.stdout.write(
    `read ${countText(view.digests.length, 'line')} of the journal, ${lines} of the logs of ${countText(hosts.length, 'host')}, ${countText(runs, 'run')} of apt\n`,
  );
  for (const [severity, heading] of HEADINGS) {
    const rows = findings.filter((finding) => finding.severity === severity).map(rowOf);
    if (rows.length === 0) continue;
    cli.stdout.write(`\n${heading}\n`);
    writeTable(cli.stdout, { head: ['WHERE', 'LINE', 'WHEN', 'WHAT'], rows });
  }
  if (unread.size > 0) {
    cli.stdout.write('\nNot checked:\n');
    writeTable(cli.stdout, { head: ['HOST', 'WHY'], rows: [...unread] });
  }
  if (!findings.some(isChange)) cli.stdout.write('\nnothing was changed in what was checked\n');
}

function rowOf({ host, severity, line, at, text }: Finding): readonly Cell[] {
  const where = host ?? 'journal';
  const cell: Cell = severity === 'changed' ? { text: where, style: 'red' } : where;
  return [cell, line === null ? '' : String(line), at === null ? '' : formatMoment(at), text];
}

/** Whether something is not as it is written down. */
export function isChange({ severity }: Finding): boolean {
  return severity === 'changed';
}

const MOST_NAMED = 10;

function conclude(cli: Cli, { findings, unread }: VerifiedFleet, strict: boolean): void {
  const changed = findings.filter(isChange);
  if (changed.length > 0) throw failure('HISTORY_CHANGED', changed);
  const outside = findings.filter(({ severity }) => severity === 'outside');
  if (strict && outside.length > 0) throw failure('CHANGED_OUTSIDE', outside);
  if (unread.size > 0) cli.exitWith(EXIT.pending.code);
}

function failure(code: 'HISTORY_CHANGED' | 'CHANGED_OUTSIDE', findings: readonly Finding[]): AuditError {
  const places = [...new Set(findings.map(({ host }) => host ?? 'the journal'))];
  const what = code === 'HISTORY_CHANGED' ? 'what is written down does not hold' : 'changed by others';
  return new AuditError(code, `${what}: ${firstOf(places, MOST_NAMED)}`, {
    hint: 'what each finding means is in /usr/share/doc/celeroot/docs/audit.md',
    details: { findings: findings.length },
  });
}
