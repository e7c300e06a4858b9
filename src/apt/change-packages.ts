import type { Json } from '../core/json.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import { awaitPackageLocks, enterPhase, outdatedServices, publishPlan, type Work } from '../core/step.ts';
import { EMPTY_TRANSACTION, transactionHash, type Transaction } from '../core/transaction.ts';
import { applyPlan } from './apply-plan.ts';
import { judgeApproval } from './approval.ts';
import { classifyFailure } from './classify-failure.ts';
import { describeChanges } from './describe-changes.ts';
import { diffSnapshots } from './diff-snapshots.ts';
import { assessHealth } from './health.ts';
import { judgePlan, type Permissions } from './judge-plan.ts';
import { isInstalled } from './package-state.ts';
import { isReached, type Plan } from './plan.ts';
import { recover } from './recovery.ts';
import { findPackage, packageKey, type Snapshot } from './snapshot.ts';
import { rememberSnapshot, takeSnapshot } from './take-snapshot.ts';

/** What one kind of work on packages has of its own. */
export type PackageWork = {
  /** What to do on a host as it is now; a failure when the request cannot be met there. */
  readonly plan: (now: Snapshot) => Work<Plan | Failure>;
  /** Without what the host's owner denies, which is the same for every work. */
  readonly permissions: Omit<Permissions, 'deny'>;
  /** The summary when nothing was to do. */
  readonly idle: string;
  /** The outcome's `data`. */
  readonly data: (ends: Ends) => Json;
};

/** Both ends of a job, and the plan between them when there was one. */
export type Ends = { readonly before: Snapshot; readonly after: Snapshot; readonly plan: Plan | null };

/** The part of a task's context that counts here. */
export type ChangeContext = {
  readonly job: string;
  readonly dryRun: boolean;
  readonly expectedPlan: string | null;
  /** Patterns of packages that the host's owner lets nobody change. */
  readonly deny: readonly string[];
};

/**
 * The life of every job that changes packages: recover, plan, judge, download, commit, verify. The verdict rests on
 * the packages as they are in the end; a program's exit code only explains why something is missing.
 */
export function* changePackages(work: PackageWork, context: ChangeContext): Work<Outcome> {
  // What another program is in the middle of is neither ours to repair nor ours to report.
  if (!context.dryRun) yield* awaitPackageLocks();
  const { before, now } = yield* rememberSnapshot();
  const usable = context.dryRun ? now : yield* recover(context, now);

  yield* enterPhase('planning');
  const plan = yield* work.plan(usable);
  if ('kind' in plan) return yield* conclude(work, { before, after: usable, plan: null }, plan);
  const refusal =
    judgePlan(plan, { ...work.permissions, deny: context.deny }, usable) ??
    (yield* judgeApproval(plan.transaction, context.expectedPlan));
  yield* publishPlan(plan.transaction);
  if (context.dryRun) return yield* describePlan(work, { before, after: usable, plan }, refusal);
  if (refusal !== null) return yield* conclude(work, { before, after: usable, plan }, refusal);

  const output = yield* applyPlan(plan, context.job);

  yield* enterPhase('verifying');
  const ends: Ends = { before, after: yield* takeSnapshot(), plan };
  const missing = plan.wanted.filter((wanted) => !isReached(wanted, ends.after));
  if (missing.length === 0) return yield* conclude(work, ends, null);
  const failure = output.exitCode === 0 ? notReached(missing.map(({ name }) => name)) : classifyFailure(output);
  return yield* conclude(work, ends, failure);
}

/**
 * The outcome of work that has nothing to do on a host as it is; null when a plan was approved that has something to
 * do, which is for `changePackages` to judge.
 */
export function* answerUnchanged(work: PackageWork, context: ChangeContext, now: Snapshot): Work<Outcome | null> {
  const { expectedPlan, dryRun } = context;
  if (expectedPlan !== null && expectedPlan !== transactionHash(EMPTY_TRANSACTION)) return null;
  return {
    status: dryRun ? 'planned' : 'unchanged',
    summary: work.idle,
    transaction: EMPTY_TRANSACTION,
    data: work.data({ before: now, after: now, plan: null }),
    health: yield* assessHealth(now),
    failure: null,
  };
}

/** Packages that came as a dependency and are now marked as wanted for their own sake; a removed one has no mark. */
export function markedManual({ before, after, plan }: Ends): readonly string[] {
  const there = (plan?.wanted ?? []).filter(({ name, arch }) => isInstalled(findPackage(after, name, arch)));
  const keys = there.map(({ name, arch }) => packageKey(name, arch, after.nativeArch));
  return keys.filter((key) => before.autoMarks.has(key) && !after.autoMarks.has(key));
}

function* describePlan(work: PackageWork, ends: Ends & { plan: Plan }, refusal: Failure | null): Work<Outcome> {
  const { transaction, marks } = ends.plan;
  const planned = summarize(work, { transaction, marks });
  return {
    status: 'planned',
    summary: refusal === null ? planned : `${planned}; refused: ${refusal.message}`.slice(0, 2000),
    transaction,
    data: work.data(ends),
    health: yield* assessHealth(ends.after),
    failure: refusal,
  };
}

function* conclude(work: PackageWork, ends: Ends, failure: Failure | null): Work<Outcome> {
  const planned = ends.plan?.transaction ?? EMPTY_TRANSACTION;
  const changes = diffSnapshots(ends.before, ends.after, planned.changes);
  const transaction: Transaction = { changes, keptBack: planned.keptBack };
  const marks = markedManual(ends);
  const changed = changes.length > 0 || marks.length > 0;
  const done = changed ? 'changed' : 'unchanged';
  return {
    status: failure === null ? done : 'failed',
    summary: (failure?.message ?? summarize(work, { transaction, marks })).slice(0, 2000),
    transaction,
    data: work.data(ends),
    health: { ...(yield* assessHealth(ends.after)), servicesToRestart: yield* servicesToRestart() },
    failure,
  };
}

/** Only looked for at the end of a job: it takes as long as reading the maps of all processes. */
function* servicesToRestart(): Work<string[]> {
  return (yield* outdatedServices()).slice(0, 1000);
}

type Summed = { readonly transaction: Transaction; readonly marks: readonly string[] };

function summarize(work: PackageWork, { transaction, marks }: Summed): string {
  const nameOf = (selector: string): string => selector.split(':')[0] ?? selector;
  const parts =
    transaction.changes.length === 0 ? [] : [describeChanges(transaction.changes, work.permissions.named.map(nameOf))];
  if (marks.length > 0) parts.push(`${marks.map(nameOf).join(', ')} marked as wanted`);
  if (parts.length === 0) parts.push(work.idle);
  if (transaction.keptBack.length > 0) parts.push(`${transaction.keptBack.length} kept back`);
  return parts.join(', ');
}

function notReached(names: readonly string[]): Failure {
  return {
    kind: 'not_reached',
    message: `apt ended well, but not as wanted: ${names.join(', ')}`,
    hint: 'see the job’s output; another program may have changed packages at the same time',
  };
}
