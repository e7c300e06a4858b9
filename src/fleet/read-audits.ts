import type { HostHead } from '../audit/journal-event.ts';
import type { HostEvidence, AptRecord } from '../audit/verify-host.ts';
import type { FleetConfig } from '../config/fleet-config.ts';
import { joinOutput, type OutputPiece } from '../core/join-output.ts';
import type { ChainHead } from '../core/chain-head.ts';
import type { HostName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import type { Report } from '../core/report.ts';
import { isEnded, jobStatus, type JobState } from '../core/run-state.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { auditRead, auditRecordSchema, auditResultSchema } from '../tasks/audit-read.ts';
import { witnessOf } from './witness.ts';
import { candidatesIn } from './candidates.ts';
import { signRun, submitRun, type Sender } from './dispatch-run.ts';
import { followRun, type FollowUpdate } from './follow-run.ts';
import { recordSeen } from './journal.ts';
import { assignToHost, type PreparedRun } from './prepare-run.ts';
import { requireGranted } from './require-granted.ts';
import { collectHeads } from './seen-heads.ts';

/** From which line of its log, and from when in apt's history, a host is to be read; null for since the log began. */
export type ReadFrom = { readonly host: HostName; readonly from: number; readonly since: number | null };

export type ReadOptions = {
  readonly fleet: FleetConfig;
  readonly broker: ControllerBroker;
  readonly sender: Sender;
  /** `celeroot` as it has to be typed to mean the same configuration. */
  readonly celeroot: string;
  readonly onProgress: (done: number, total: number) => void;
  /** Ends the reading; what has not come by then is not read. */
  readonly signal: AbortSignal;
};

export type ReadAudits = {
  readonly evidence: readonly HostEvidence[];
  /** Why the others could not be read. */
  readonly unread: ReadonlyMap<HostName, string>;
};

/** What was read of a host so far. */
type Gathered = Pick<HostEvidence, 'first' | 'lines' | 'apt' | 'reported'>;

/** Reads hosts' audit logs and apt histories by runs of `audit.read`, a page after the other. */
export async function readAudits(wanted: readonly ReadFrom[], options: ReadOptions): Promise<ReadAudits> {
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
/** A worker that was just started may not have said so yet. */
const SETTLE_MS = 1500;

/** One run; what came of it by host: a page, or why there is none. */
async function readPages(
  wanted: readonly ReadFrom[],
  options: ReadOptions,
): Promise<ReadonlyMap<HostName, Page | string>> {
  const { fleet, broker, sender, celeroot, signal, onProgress } = options;
  const prepared = prepareReading(fleet, wanted);
  requireGranted(fleet, prepared, sender);
  const signed = await signRun(prepared, sender);
  await submitRun(broker, signed, celeroot);
  const { clock } = sender;
  const told = collectReports();
  let last: FollowUpdate | null = null;
  const witness = await witnessOf(fleet, clock.now());
  for await (const update of followRun(broker, signed.run, {
    clock,
    signal,
    witness,
    candidatesOf: candidatesIn(fleet),
  })) {
    last = update;
    told.take(update.fresh);
    onProgress(countEnded(update), signed.run.jobs.length);
    if (update.progress === 'only-offline' && clock.now() - signed.run.createdAt > SETTLE_MS) break;
  }
  await recordSeen(sender.journal, signed.run.id, told.heads());
  const jobs = [...(last?.snapshot.state.jobs.values() ?? [])];
  return new Map(jobs.flatMap((job) => (job.host === null ? [] : [[job.host, pageOf(job, told.of(job.host), last)]])));
}

function prepareReading(fleet: FleetConfig, wanted: readonly ReadFrom[]): PreparedRun {
  return {
    task: auditRead,
    args: {},
    dryRun: false,
    expiresInMs: EXPIRES_MS,
    deadlineMs: DEADLINE_MS,
    target: wanted.length === 1 ? `host ${wanted[0]?.host}` : `the audit logs of ${wanted.length} hosts`,
    assignments: wanted.map(({ host, from, since }) => ({ ...assignToHost(fleet, host), args: { from, since } })),
    notJoined: [],
    follows: null,
    rollout: null,
    steps: [],
  };
}

function countEnded({ snapshot: { state, now } }: FollowUpdate): number {
  return [...state.jobs.values()].filter((job) => isEnded(jobStatus(job, state.run, now))).length;
}

type Told = { readonly pieces: readonly OutputPiece[]; readonly reported: readonly ChainHead[] };

function collectReports(): {
  readonly take: (reports: readonly Report[]) => void;
  readonly of: (host: HostName) => Told;
  readonly heads: () => readonly HostHead[];
} {
  const byHost = new Map<HostName, { pieces: OutputPiece[]; reported: ChainHead[] }>();
  const furthest = collectHeads();
  return {
    take: (reports) => {
      furthest.take(reports);
      for (const { host, event, ledger } of reports) {
        const told = byHost.get(host) ?? { pieces: [], reported: [] };
        byHost.set(host, told);
        if (event.kind === 'output') told.pieces.push(event);
        if (ledger !== undefined) told.reported.push(ledger);
      }
    },
    of: (host) => byHost.get(host) ?? { pieces: [], reported: [] },
    heads: furthest.all,
  };
}

function pageOf(job: JobState, told: Told, last: FollowUpdate | null): Page | string {
  const { end } = job;
  if (end === null) {
    return last?.snapshot.presences.get(job.id)?.online === false ? 'it is offline' : 'it did not answer';
  }
  if ('code' in end) return `it refused: ${end.code}: ${end.message}`;
  if (!('outcome' in end)) return `the reading was ${end.status}`;
  const result = auditResultSchema.safeParse(end.outcome.data).data;
  if (result === undefined) return end.outcome.failure?.message ?? UNREADABLE;
  const records = recordsIn(told.pieces);
  return records === null ? UNREADABLE : { result, ...records, reported: told.reported };
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
