import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { viewJournal } from '../../audit/journal-view.ts';
import { parseDuration } from '../../core/duration.ts';
import { CommandError, UsageError } from '../../core/errors.ts';
import { requireHost } from '../../core/host-selector.ts';
import { readJournal } from '../../fleet/journal.ts';
import { hostEntryText, journalEntryText, type EntryText } from '../../terminal/audit-text.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { runVerification } from './run-verification.ts';

export type ListOptions = {
  readonly host: string | null;
  readonly since: string | null;
  readonly limit: string;
};

type Entry = { readonly seq: number; readonly at: number; readonly event: unknown; readonly text: EntryText };

/** Lists the journal, or a host's own log, newest first. */
export async function listAudit(cli: Cli, command: CommandUnknownOpts, options: ListOptions): Promise<void> {
  const limit = readLimit(options.limit);
  const since = readSince(options.since, cli.clock.now());
  const entries = options.host === null ? await journal(cli, command) : await hostLog(cli, command, options.host);
  const shown = entries
    .filter(({ at }) => at >= since)
    .toReversed()
    .slice(0, limit);
  if (sharedFlags(command).json) {
    return writeJson(cli.stdout, { entries: shown.map(({ seq, at, event }) => ({ line: seq, at, event })) });
  }
  if (shown.length === 0) return cli.stdout.write('nothing is written down yet\n');
  writeTable(cli.stdout, {
    head: ['LINE', 'WHEN', 'WHAT', 'WHO', 'TARGET', 'RUN', ''],
    rows: shown.map(({ seq, at, text }) => [
      String(seq),
      formatMoment(at),
      text.what,
      text.who,
      text.target,
      text.run,
      text.detail,
    ]),
  });
}

async function journal(cli: Cli, command: CommandUnknownOpts): Promise<readonly Entry[]> {
  const fleet = await loadFleetConfig(cli, command);
  const { lines } = viewJournal(await readJournal(fleet));
  return lines.map(({ seq, at, event }) => ({ seq, at, event, text: journalEntryText(event) }));
}

async function hostLog(cli: Cli, command: CommandUnknownOpts, name: string): Promise<readonly Entry[]> {
  const fleet = await loadFleetConfig(cli, command);
  const host = requireHost(fleet, name);
  const { hosts, unread } = await runVerification(cli, command, { fleet, hosts: [host], full: true });
  const why = unread.get(host);
  if (why !== undefined) {
    throw new CommandError('JOBS_FAILED', `the log of ${host} could not be read: ${why}`, {
      hint: 'see  celeroot hosts ls',
    });
  }
  return hosts.flatMap(({ lines }) =>
    lines.map(({ seq, at, event }) => ({ seq, at, event, text: hostEntryText(event) })),
  );
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError('USAGE', `--limit: expected a whole number from 1 to 999999, got ${JSON.stringify(text)}`, {
    hint: 'for example  --limit 100',
  });
}

function readSince(text: string | null, now: number): number {
  if (text === null) return 0;
  const duration = parseDuration(text);
  if (duration !== null) return now - duration;
  const time = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?$/.test(text) ? dateOf(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError('USAGE', `--since: expected a duration or a date, got ${JSON.stringify(text)}`, {
    hint: 'for example  --since 7d,  or  --since 2026-11-25',
  });
}

/** In this machine's time zone, as all times are shown. */
function dateOf(text: string): number {
  return new Date(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T')).getTime();
}
