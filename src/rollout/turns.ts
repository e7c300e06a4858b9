import { compareChecks, type CheckLimits } from '../core/compare-checks.ts';
import { hostCheckSchema, type HostCheck } from '../core/host-check.ts';
import { jobIdFor } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Rollout, RolloutStep } from '../core/rollout.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import {
  isEnded,
  isGood,
  isOver,
  jobStatus,
  SILENCE_MS,
  type JobState,
  type JobStatus,
  type RunState,
} from '../core/run-state.ts';
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

type Link = ChainLink & { readonly job: JobState };

/** Goes along the steps: past those that have ended, and those that are left out because one before has failed. */
function walk({ host, chain, givenAt, now, limits }: Walk): Walked {
  const links = chain.flatMap((link): readonly Link[] => {
    const job = link.state.jobs.get(jobIdFor(link.state.run.id, host));
    return job === undefined ? [] : [{ ...link, job }];
  });
  const quiet = links.every(({ job, state }) => job.firstWordAt === null || isOver(job, state.run, now));
  const missed: Walked = { status: 'missed', why: null, due: null, quiet };
  if (givenAt === null && isTakenBack(links, now)) return missed;
  const passed: Passed = { checks: {}, why: null };
  for (const link of links) {
    if (passed.why !== null && !link.step.always) continue;
    const verdict = judge(link, now);
    if (verdict.kind === 'open') return open(link, { links, why: passed.why, givenAt, now });
    if (verdict.kind === 'missed' && link === links[0]) return missed;
    pass(passed, link, verdict);
  }
  const why = passed.why ?? worsening(passed.checks, limits);
  return { status: why === null ? 'good' : 'bad', why, due: null, quiet };
}

type Checks = Partial<Record<RolloutStep['what'], HostCheck | null>>;

/** What the steps so far came to: what the looks saw, and the first failure that counts. */
type Passed = { readonly checks: Checks; why: string | null };

function pass(passed: Passed, { step }: Link, verdict: Exclude<Verdict, { kind: 'open' }>): void {
  if (verdict.kind === 'good') passed.checks[step.what] = verdict.check;
  else if (!step.mayFail) passed.why ??= verdict.why;
}

/** Whether the host never had its turn and the run itself was taken back, or has expired. */
function isTakenBack(links: readonly Link[], now: number): boolean {
  return links.some((link) => link.step.run === null && judge(link, now).kind === 'missed');
}

type Verdict =
  | { readonly kind: 'open' }
  | { readonly kind: 'good'; readonly check: HostCheck | null }
  | { readonly kind: 'bad' | 'missed'; readonly why: string };

/** A look at a host is good when it was taken, whatever it found. */
function judge({ step, state, job }: Link, now: number): Verdict {
  const status = jobStatus(job, state.run, now);
  if (!isEnded(status)) return { kind: 'open' };
  const outcome = job.end !== null && 'outcome' in job.end ? job.end.outcome : null;
  const isTask = step.what === 'task';
  const check = isTask ? null : (hostCheckSchema.safeParse(outcome?.data).data ?? null);
  if (isTask ? isGood(status) : check !== null) return { kind: 'good', check };
  const isUntouched = outcome === null && (status === 'expired' || status === 'cancelled');
  return { kind: isUntouched ? 'missed' : 'bad', why: whyText(step, outcome, status) };
}

function whyText({ run, task }: RolloutStep, outcome: Outcome | null, status: JobStatus): string {
  const said = outcome?.failure?.message.split('\n')[0] ?? status;
  return run === null ? said : `${task}: ${said}`;
}

type Around = Pick<Walk, 'givenAt' | 'now'> & { readonly why: string | null; readonly links: readonly Link[] };

/** At a step that has not ended. */
function open({ job, state }: Link, { links, why, givenAt, now }: Around): Walked {
  const words = links.flatMap((each) => each.job.lastWordAt ?? []);
  if (givenAt === null && words.length === 0) return { status: 'held', why, due: null, quiet: true };
  const wordDueAt = Math.max(givenAt ?? 0, ...words) + state.run.deadlineMs + SILENCE_MS;
  const due = job.firstWordAt === null ? job.id : null;
  return { status: now > wordDueAt ? 'overdue' : 'under-way', why, due, quiet: false };
}

function worsening({ before = null, after = null }: Checks, limits: CheckLimits): string | null {
  if (before === null || after === null) return null;
  const found = compareChecks(before, after, limits);
  return found.length === 0 ? null : found.map(({ message }) => message).join('; ');
}
