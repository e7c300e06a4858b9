import { MAX_CLOCK_SKEW_MS } from './clock.ts';
import type { JobId } from './ids.ts';
import type { HostName } from './names.ts';
import type { Outcome } from './outcome.ts';
import type { RefusalCode, Report, ReportEvent } from './report.ts';
import type { Destination, Run } from './run.ts';
import { PHASES, type Phase } from './step.ts';
import type { Transaction } from './transaction.ts';

/*
 * A run's state is a fold over its reports: whoever reads the same reports, in whatever order, sees the same state.
 *
 *   queued ─▶ accepted ─▶ waiting ⇄ running ─▶ changed | unchanged | planned | failed | cancelled
 *      └──────────┴──▶ refused | expired | cancelled
 *
 * Reports are delivered at least once, and those of different speakers in any order. Of the reports that end a job the
 * first by its speaker's clock wins, and what a host did before that the job was withdrawn; of the others the newest. So
 * a report that is repeated, late or moved changes nothing. `lost` is no report but what a reader
 * concludes from silence (`jobStatus`), and so is the `expired` of a job that no host has ever spoken of.
 */

type EndedStatus = Outcome['status'] | 'refused' | 'expired' | 'cancelled';
export type JobStatus = 'queued' | 'accepted' | 'waiting' | 'running' | EndedStatus | 'lost';

/** How a job ended. */
export type JobEnd = { readonly at: number } & (
  | { readonly status: Outcome['status']; readonly outcome: Outcome }
  | { readonly status: 'refused'; readonly code: RefusalCode; readonly message: string }
  | { readonly status: 'expired' }
  | { readonly status: 'cancelled'; readonly message: string }
);

/** What a job that has not ended is at. */
export type Activity = { readonly at: number } & (
  | { readonly status: 'accepted'; readonly interrupted: boolean }
  | { readonly status: 'waiting'; readonly for: 'turn' | 'lock'; readonly holder: string | null }
  | {
      readonly status: 'running';
      readonly phase: Phase;
      readonly percent: number | null;
      readonly package: string | null;
      readonly text: string | null;
    }
);

export type JobState = {
  readonly id: JobId;
  readonly to: Destination;
  /** The host that does it; null until one has taken a job for any host. */
  readonly host: HostName | null;
  /** Null while nothing is known beyond that it was queued. */
  readonly activity: Activity | null;
  readonly plan: { readonly at: number; readonly transaction: Transaction; readonly hash: string } | null;
  /** When the host first and last said anything, milliseconds by its clock. */
  readonly firstWordAt: number | null;
  readonly lastWordAt: number | null;
  readonly end: JobEnd | null;
};

export type RunState = { readonly run: Run; readonly jobs: ReadonlyMap<JobId, JobState> };

/** The state of a run nobody has reported on. */
export function initialRunState(run: Run): RunState {
  const jobs = run.jobs.map(({ id, to }): [JobId, JobState] => [id, queuedJob(id, to)]);
  return { run, jobs: new Map(jobs) };
}

/**
 * The state after some more reports; total, and the same however often a report comes and in whatever order. Reports of
 * jobs the run does not have, or of another host than the job is for, are left out: the stream comes over a broker that
 * is not trusted.
 */
export function applyReports(state: RunState, reports: readonly Report[]): RunState {
  const jobs = new Map(state.jobs);
  for (const report of reports) {
    const job = jobs.get(report.job);
    if (job !== undefined && isHeard(state, report)) jobs.set(job.id, applyReport(job, report));
  }
  return { run: state.run, jobs };
}

/** Whether a report is about a job of the run, by a host that the job is for. */
export function isHeard({ jobs }: RunState, report: Report): boolean {
  const to = jobs.get(report.job)?.to;
  return to !== undefined && (to.kind === 'any' || to.host === report.host);
}

/** How long after a job should have shown a sign of life it counts as lost; covers clocks that differ. */
export const SILENCE_MS = 5 * 60_000;

/**
 * The status to show at `now`: what was reported; `expired` when no host has taken the job and none may any more;
 * `lost` when the word that must have come by now has not.
 */
export function jobStatus(job: JobState, run: Run, now: number): JobStatus {
  if (job.end !== null) return job.end.status;
  const { activity } = job;
  if (job.lastWordAt === null) return now > run.expiresAt + MAX_CLOCK_SKEW_MS ? 'expired' : 'queued';
  const hasBegun = activity?.status === 'running' || (activity?.status === 'waiting' && activity.for === 'lock');
  const wordDueAt = hasBegun ? (job.lastWordAt ?? activity.at) + run.deadlineMs : run.expiresAt;
  if (now > wordDueAt + SILENCE_MS) return 'lost';
  return activity === null ? 'queued' : activity.status;
}

/** Whether it is certain that no host is at work on the job, nor will be: silence does not show that. */
export function isOver(job: JobState, run: Run, now: number): boolean {
  return job.end !== null || jobStatus(job, run, now) === 'expired';
}

/** Whether nothing more will come of a job in this status. */
export function isEnded(status: JobStatus): boolean {
  return !(UNDER_WAY as readonly string[]).includes(status);
}

/** Whether a job in this status did what was asked of it. */
export function isGood(status: JobStatus): boolean {
  return (GOOD as readonly string[]).includes(status);
}

export type RunSummary = {
  /** Only statuses that occur. */
  readonly counts: Readonly<Partial<Record<JobStatus, number>>>;
  readonly total: number;
  readonly ended: number;
  /** Ended other than well. */
  readonly bad: number;
};

export function summarizeRun(state: RunState, now: number): RunSummary {
  const counts: Partial<Record<JobStatus, number>> = {};
  let ended = 0;
  let bad = 0;
  for (const job of state.jobs.values()) {
    const status = jobStatus(job, state.run, now);
    counts[status] = (counts[status] ?? 0) + 1;
    if (isEnded(status)) ended += 1;
    if (isEnded(status) && !isGood(status)) bad += 1;
  }
  return { counts, total: state.jobs.size, ended, bad };
}

const UNDER_WAY = ['queued', 'accepted', 'waiting', 'running'] as const;
const GOOD = ['changed', 'unchanged', 'planned'] as const;

function queuedJob(id: JobId, to: Destination): JobState {
  return {
    id,
    to,
    host: to.kind === 'host' ? to.host : null,
    activity: null,
    plan: null,
    firstWordAt: null,
    lastWordAt: null,
    end: null,
  };
}

function applyReport(job: JobState, { event, at, host }: Report): JobState {
  const heard: JobState = {
    ...job,
    firstWordAt: Math.min(job.firstWordAt ?? at, at),
    lastWordAt: Math.max(job.lastWordAt ?? at, at),
    plan: event.kind === 'plan' ? newerPlan(job.plan, event, at) : job.plan,
  };
  const end = endOf(event, at);
  if (end !== null) {
    if (!endsSooner({ end, host }, heard)) return heard;
    return { ...heard, host: isWithdrawn(end) ? heard.host : host, end };
  }
  const activity = activityOf(event, at);
  if (activity === null || !isNewer({ activity, host }, heard)) return heard;
  return { ...heard, host: heard.end === null || isWithdrawn(heard.end) ? host : heard.host, activity };
}

/** Whether that is all that was said; it is said in the name of any host that the job was for. */
function isWithdrawn(end: JobEnd): boolean {
  return end.status === 'cancelled' && !('outcome' in end);
}

function endsSooner({ end, host }: { readonly end: JobEnd; readonly host: HostName }, job: JobState): boolean {
  const known = job.end;
  if (known === null) return true;
  if (isWithdrawn(end) !== isWithdrawn(known)) return isWithdrawn(known);
  if (end.at !== known.at) return end.at < known.at;
  const [text, knownText] = [JSON.stringify(end), JSON.stringify(known)];
  if (text !== knownText) return text < knownText;
  return !isWithdrawn(end) && job.host !== null && host < job.host;
}

/** Whether a job that reports this says nothing more. */
export function endsJob(event: ReportEvent): boolean {
  return endOf(event, 0) !== null;
}

function endOf(event: ReportEvent, at: number): JobEnd | null {
  switch (event.kind) {
    case 'done':
      return { at, status: event.outcome.status, outcome: event.outcome };
    case 'refused':
      return { at, status: 'refused', code: event.code, message: event.message };
    case 'expired':
      return { at, status: 'expired' };
    case 'cancelled':
      return { at, status: 'cancelled', message: event.message };
    case 'accepted':
    case 'waiting':
    case 'phase':
    case 'progress':
    case 'output':
    case 'plan':
    case 'interrupted':
      return null;
  }
}

function activityOf(event: ReportEvent, at: number): Activity | null {
  switch (event.kind) {
    case 'accepted':
    case 'interrupted':
      return { at, status: 'accepted', interrupted: event.kind === 'interrupted' };
    case 'waiting':
      return { at, status: 'waiting', for: event.for, holder: event.holder };
    case 'phase':
      return { at, status: 'running', phase: event.phase, percent: null, package: null, text: null };
    case 'progress':
      return {
        at,
        status: 'running',
        phase: event.phase,
        percent: event.percent,
        package: event.package,
        text: event.text,
      };
    case 'output':
    case 'plan':
    case 'done':
    case 'refused':
    case 'expired':
    case 'cancelled':
      return null;
  }
}

function newerPlan(known: JobState['plan'], event: ReportEvent & { kind: 'plan' }, at: number): JobState['plan'] {
  const isKnownNewer = known !== null && (known.at > at || (known.at === at && known.hash >= event.hash));
  return isKnownNewer ? known : { at, transaction: event.transaction, hash: event.hash };
}

type ActivityClaim = { readonly activity: Activity; readonly host: HostName };

/** A strict order over activities, so that the newest is the same in whatever order they come and however often. */
function isNewer({ activity, host }: ActivityClaim, { activity: known, host: knownHost }: JobState): boolean {
  if (known === null) return true;
  const [a, b] = [ranks(activity), ranks(known)];
  for (const [index, rank] of a.entries()) {
    const other = b[index] ?? 0;
    if (rank !== other) return rank > other;
  }
  const [text, knownText] = [JSON.stringify(activity), JSON.stringify(known)];
  if (text !== knownText) return text > knownText;
  return knownHost !== null && host < knownHost;
}

const STATUS_ORDER = ['accepted', 'waiting', 'running'] as const;

function ranks(activity: Activity): readonly number[] {
  const running = activity.status === 'running' ? activity : null;
  return [
    activity.at,
    STATUS_ORDER.indexOf(activity.status),
    running === null ? 0 : PHASES.indexOf(running.phase),
    running?.percent ?? -1,
  ];
}
