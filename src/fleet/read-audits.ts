import type { HostEvidence, AptRecord } from '../audit/verify-host.ts';
import type { FleetConfig } from '../config/fleet-config.ts';
import { joinOutput, type OutputPiece } from '../core/join-output.ts';
import type { ChainHead } from '../core/chain-head.ts';
import type { HostName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import type { Report } from '../core/report.ts';
import type { JobState } from '../core/run-state.ts';
import { auditRead, auditRecordSchema, auditResultSchema } from '../tasks/audit-read.ts';
import { askHosts, whyNoOutcome, type Asked, type AskOptions } from './ask-hosts.ts';
import { assignToHost, plainRun, type PreparedRun } from './prepare-run.ts';

/** From which line of its log, and from when in apt's history, a host is to be read; null for since the log began. */
export type ReadFrom = { readonly host: HostName; readonly from: number; readonly since: number | null };

export type ReadAudits = {
  readonly evidence: readonly HostEvidence[];
  /** Why the others could not be read. */
  readonly unread: ReadonlyMap<HostName, string>;
};

/** What was read of a host so far. */
type Gathered = Pick<HostEvidence, 'first' | 'lines' | 'apt' | 'reported'>;

/** Reads hosts' audit logs and apt histories by runs of `audit.read`, a page after the other. */
export async function readAudits(wanted: readonly ReadFrom[], options: AskOptions): Promise<ReadAudits> {
  const evidence: HostEvidence[] = [];
  const unread = new Map<HostName, string>();
  const gathered = new Map<HostName, Gathered>();
  let open = wanted;
  while (open.length > 0 && !options.signal.aborted) {
    const pages = await readPages(open, options);
    const onward: ReadFrom[] = [];
    for (const ask of open) {
      const page = pages.get(ask.host) ?? 'not read';
      if (typeof page === 'string') {
        unread.set(ask.host, page);
        continue;
      }
      const all = join(gathered.get(ask.host), page);
      gathered.set(ask.host, all);
      const { next, broken, journals, unreadable } = page.result;
      if (next === null) evidence.push({ host: ask.host, ...all, broken, journals, unreadable });
      else onward.push({ ...ask, from: next });
    }
    open = onward;
  }
  for (const { host } of open) unread.set(host, 'the reading was interrupted');
  return { evidence, unread };
}

function join(before: Gathered | undefined, { result, lines, apt, reported }: Page): Gathered {
  if (before === undefined) return { first: result.from, lines, apt, reported };
  return {
    first: before.first,
    lines: [...before.lines, ...lines],
    apt: [...before.apt, ...apt],
    reported: [...before.reported, ...reported],
  };
}

type Page = Pick<HostEvidence, 'lines' | 'apt' | 'reported'> & {
  readonly result: NonNullable<ReturnType<typeof auditResultSchema.safeParse>['data']>;
};

/** Nobody waits longer for an answer that changes nothing. */
const EXPIRES_MS = 5 * 60_000;
const DEADLINE_MS = 10 * 60_000;
/** One run; what came of it by host: a page, or why there is none. */
async function readPages(
  wanted: readonly ReadFrom[],
  options: AskOptions,
): Promise<ReadonlyMap<HostName, Page | string>> {
  const asked = await askHosts(prepareReading(options.fleet, wanted), options);
  const told = sortReports(asked.reports);
  const jobs = [...(asked.snapshot?.state.jobs.values() ?? [])];
  return new Map(
    jobs.flatMap((job) => (job.host === null ? [] : [[job.host, pageOf(job, told.get(job.host), asked)]])),
  );
}

function prepareReading(fleet: FleetConfig, wanted: readonly ReadFrom[]): PreparedRun {
  return plainRun({
    task: auditRead,
    args: {},
    expiresInMs: EXPIRES_MS,
    deadlineMs: DEADLINE_MS,
    target: wanted.length === 1 ? `host ${wanted[0]?.host}` : `the audit logs of ${wanted.length} hosts`,
    assignments: wanted.map(({ host, from, since }) => ({ ...assignToHost(fleet, host), args: { from, since } })),
  });
}

type Told = { readonly pieces: readonly OutputPiece[]; readonly reported: readonly ChainHead[] };

function sortReports(reports: readonly Report[]): ReadonlyMap<HostName, Told> {
  const byHost = new Map<HostName, { pieces: OutputPiece[]; reported: ChainHead[] }>();
  for (const { host, event, ledger } of reports) {
    const told = byHost.get(host) ?? { pieces: [], reported: [] };
    byHost.set(host, told);
    if (event.kind === 'output') told.pieces.push(event);
    if (ledger !== undefined) told.reported.push(ledger);
  }
  return byHost;
}

const NOTHING: Told = { pieces: [], reported: [] };

function pageOf(job: JobState, told: Told | undefined, { snapshot }: Asked): Page | string {
  const why = whyNoOutcome(job, snapshot);
  if (why !== null) return why;
  if (job.end === null || !('outcome' in job.end)) return UNREADABLE;
  const { data, failure } = job.end.outcome;
  const result = auditResultSchema.safeParse(data).data;
  if (result === undefined) return failure?.message ?? UNREADABLE;
  const { pieces, reported } = told ?? NOTHING;
  const records = recordsIn(pieces);
  return records === null ? UNREADABLE : { result, ...records, reported };
}

const UNREADABLE = 'its answer cannot be read';

/** Null when a part is missing, or is no record. */
function recordsIn(pieces: readonly OutputPiece[]): Pick<Page, 'lines' | 'apt'> | null {
  const { text, missingBytes } = joinOutput(pieces);
  if (missingBytes > 0) return null;
  const lines: string[] = [];
  const apt: AptRecord[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const record = parseJsonAs(auditRecordSchema, line);
    if (record === null) return null;
    if ('line' in record) lines.push(record.line);
    else apt.push(record);
  }
  return { lines, apt };
}
