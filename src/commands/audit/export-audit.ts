import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Finding } from '../../audit/finding.ts';
import type { AptRecord } from '../../audit/verify-host.ts';
import { AuditError } from '../../core/errors.ts';
import { EXIT } from '../../core/exit-codes.ts';
import type { HostName } from '../../core/names.ts';
import { writeJsonLine } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { runVerification } from './run-verification.ts';
import { targetHosts } from './target.ts';

/**
 * Everything from the beginning, a JSON object a line: lines of the journal and of hosts' logs with their verdicts, runs
 * of apt, what was found that belongs to no line, and hosts that were not read.
 * @throws AuditError HISTORY_CHANGED, once all is written.
 */
export async function exportAudit(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const hosts = targetHosts(fleet, command);
  const { view, findings, hosts: judged, unread } = await runVerification(cli, command, { fleet, hosts, full: true });
  const verdict = verdicts(findings);
  const write = (record: Readonly<Record<string, unknown>>): void => writeJsonLine(cli.stdout, record);
  for (const { seq, at, event } of view.lines) {
    write({ source: 'journal', line: seq, at, verdict: verdict(null, seq), event });
  }
  for (const { host, lines, apt } of judged) {
    for (const { seq, at, event } of lines) {
      write({ source: 'host', host, line: seq, at, verdict: verdict(host, seq), event });
    }
    for (const record of apt)
      write({ source: 'apt', host, at: record.at, verdict: APT[record.origin], run: record.apt });
  }
  for (const finding of findings.filter(({ what }) => !what.startsWith('apt-')))
    write({ source: 'finding', ...finding });
  for (const [host, why] of unread) write({ source: 'not-checked', host, why });
  if (findings.some(({ severity }) => severity === 'changed')) {
    throw new AuditError('HISTORY_CHANGED', 'what is written down does not hold', {
      hint: 'see the lines with  "source":"finding"',
    });
  }
  if (unread.size > 0) cli.exitWith(EXIT.pending.code);
}

const APT: Readonly<Record<AptRecord['origin'], string>> = {
  celeroot: 'verified',
  outside: 'apt-outside',
  forged: 'apt-forged',
};

/** `verified`; what was found about the line; or `unverified` for what comes after the first break. */
function verdicts(findings: readonly Finding[]): (host: HostName | null, line: number) => string {
  const named = new Map(findings.map(({ host, line, what }) => [`${host ?? ''} ${line}`, what]));
  const breaks = new Map<HostName | null, number>();
  for (const { host, line, what } of findings) {
    const isBreak = line !== null && /^(?:log|journal)-/.test(what);
    if (isBreak) breaks.set(host, Math.min(line, breaks.get(host) ?? Infinity));
  }
  return (host, line) =>
    named.get(`${host ?? ''} ${line}`) ?? (line > (breaks.get(host) ?? Infinity) ? 'unverified' : 'verified');
}
