import { compareChecks, type CheckLimits } from '../core/compare-checks.ts';
import { hostCheckSchema, type HostCheck } from '../core/host-check.ts';
import { jobIdFor, type JobId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { Rollout, RolloutStep } from '../core/rollout.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { isEnded, isGood, isOver, jobStatus, SILENCE_MS, type JobState, type RunState } from '../core/run-state.ts';
import type { Turn } from './decide.ts';
import type { RolloutProgress } from './progress.ts';

/** A step of a roll-out, with the state of the run its jobs are of. */
export type ChainLink = { readonly step: RolloutStep; readonly state: RunState };

/** The steps of every host's turn, in their order. */
export type Chain = readonly ChainLink[];

/** The one step of a roll-out whose hosts do no more than the run says. */
export function ownStep(task: string): RolloutStep {
  return { run: null, what: 'task', task, always: false, mayFail: false, waitMs: 0 };
}

export type TurnsQuestion = {
  readonly chain: Chain;
  /** Of the rolled-out run: who is there. */
  readonly snapshot: RunSnapshot;
  readonly progress: Pick<RolloutProgress, 'released' | 'rollout'>;
};

/** Where each host of a run is in its turn. What no host has said a word of, and nobody has given it, is held. */
export function turnsOf({ chain, snapshot, progress }: TurnsQuestion): ReadonlyMap<HostName, Turn> {
  const turns = new Map<HostName, Turn>();
  for (const job of snapshot.state.jobs.values()) {
    if (job.to.kind !== 'host') continue;
    const { host } = job.to;
    const givenAt = progress.released.get(host) ?? null;
    const walked = walk({ host, chain, givenAt, now: snapshot.now, limits: limitsOf(progress.rollout) });
    turns.set(host, { ...walked, reachable: snapshot.presences.get(job.id)?.online === true });
  }
  return turns;
}

function limitsOf({ limits }: Rollout): CheckLimits {
  const { loadPerCore = null, diskFreePercent = null } = limits ?? {};
  return { ...(loadPerCore !== null && { loadPerCore }), ...(diskFreePercent !== null && { diskFreePercent }) };
}

type Walk = {
  readonly host: HostName;
  readonly chain: Chain;
  readonly givenAt: number | null;
  readonly now: number;
  readonly limits: CheckLimits;
};
type Walked = Omit<Turn, 'reachable'>;

/** Goes along the steps: past those that have ended, and those that are left out because one before has failed. */
function walk({ host, chain, givenAt, now, limits }: Walk): Walked {
  const links = chain.map((link) => ({ ...link, job: link.state.jobs.get(jobIdFor(link.state.run.id, host)) }));
  const quiet = links.every(
    ({ job, state }) => job === undefined || job.firstWordAt === null || isOver(job, state.run, now),
  );
  if (givenAt === null && isTakenBack(links, now)) return { status: 'missed', why: null, due: null, quiet };
  const checks: Partial<Record<RolloutStep['what'], HostCheck | null>> = {};
  let why: string | null = null;
  for (const { step, state, job } of links) {
    if (job === undefined || (why !== null && !step.always)) continue;
    const verdict = judge(job, { step, state, now });
    if (verdict.kind === 'open') return open({ job, state, why, givenAt, now, links });
    if (verdict.kind === 'missed' && job === links[0]?.job) return { status: 'missed', why, due: null, quiet };
    if (verdict.kind === 'good') checks[step.what] = verdict.check;
    else if (!step.mayFail) why ??= verdict.why;
  }
  why ??= worsening(checks, limits);
  return { status: why === null ? 'good' : 'bad', why, due: null, quiet };
}

/** Whether the host never had its turn and the run itself was taken back, or has expired. */
function isTakenBack(links: readonly (ChainLink & { readonly job: JobState | undefined })[], now: number): boolean {
  return links.some(({ job, ...link }) => {
    return link.step.run === null && job !== undefined && judge(job, { ...link, now }).kind === 'missed';
  });
}

type Verdict =
  | { readonly kind: 'open' }
  | { readonly kind: 'good'; readonly check: HostCheck | null }
  | { readonly kind: 'bad' | 'missed'; readonly why: string };

type Judged = ChainLink & { readonly now: number };

/** A look at a host is good when it was taken, whatever it found. */
function judge(job: JobState, { step, state, now }: Judged): Verdict {
  const status = jobStatus(job, state.run, now);
  if (!isEnded(status)) return { kind: 'open' };
  const outcome = job.end !== null && 'outcome' in job.end ? job.end.outcome : null;
  if (step.what !== 'task') {
    const check = hostCheckSchema.safeParse(outcome?.data).data;
    if (check !== undefined) return { kind: 'good', check };
  } else if (isGood(status)) {
    return { kind: 'good', check: null };
  }
  const said = outcome?.failure?.message.split('\n')[0];
  const why = step.run === null ? (said ?? status) : `${step.task}: ${said ?? status}`;
  const isUntouched = outcome === null && (status === 'expired' || status === 'cancelled');
  return { kind: isUntouched ? 'missed' : 'bad', why };
}

type Open = Pick<Walk, 'givenAt' | 'now'> & {
  readonly job: JobState;
  readonly state: RunState;
  readonly why: string | null;
  readonly links: readonly { readonly job: JobState | undefined }[];
};

function open({ job, state, why, givenAt, now, links }: Open): Walked {
  const words = links.flatMap(({ job: each }) => each?.lastWordAt ?? []);
  if (givenAt === null && words.length === 0) return { status: 'held', why, due: null, quiet: true };
  const wordDueAt = Math.max(givenAt ?? 0, ...words) + state.run.deadlineMs + SILENCE_MS;
  const due: JobId | null = job.firstWordAt === null ? job.id : null;
  return { status: now > wordDueAt ? 'overdue' : 'under-way', why, due, quiet: false };
}

function worsening(
  { before, after }: { before?: HostCheck | null; after?: HostCheck | null },
  limits: CheckLimits,
): string | null {
  if (before === undefined || before === null || after === undefined || after === null) return null;
  const found = compareChecks(before, after, limits);
  return found.length === 0 ? null : found.map(({ message }) => message).join('; ');
}
