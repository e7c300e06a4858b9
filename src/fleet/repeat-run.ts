import type { FleetConfig } from '../config/fleet-config.ts';
import { RejectedError } from '../core/errors.ts';
import type { HostName } from '../core/names.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { isEnded, isGood, jobStatus, type JobState } from '../core/run-state.ts';
import { transactionHash } from '../core/transaction.ts';
import { leaveOutNotJoined } from './leave-out-not-joined.ts';
import {
  assignToHost,
  assignToQueue,
  plainRun,
  requireAllowed,
  requireTask,
  type Assignment,
  type PreparedRun,
} from './prepare-run.ts';

/** How long a repeated run lives, the rest being as it was; and how celeroot is called, for what to do when it cannot. */
export type RepeatOptions = {
  readonly expiresInMs: number;
  readonly celeroot: string;
  /** Hosts that have failed in a roll-out, whatever became of their jobs. */
  readonly alsoFailed?: ReadonlySet<HostName>;
};

/**
 * A run that does again what failed: the hosts that failed, refused, let the order expire, were cancelled or fell
 * silent. What the configuration says about them now counts, not what it said then.
 * @throws RejectedError NOTHING_TO_REPEAT when there are none, UNKNOWN_HOST or TASK_NOT_ALLOWED when the fleet changed.
 */
export function prepareRetry(fleet: FleetConfig, snapshot: RunSnapshot, options: RepeatOptions): PreparedRun {
  const { run, jobs } = snapshot.state;
  const failed = [...jobs.values()].filter((job) => {
    const status = jobStatus(job, run, snapshot.now);
    const hasFailed = job.to.kind === 'host' && options.alsoFailed?.has(job.to.host) === true;
    return hasFailed || (isEnded(status) && !isGood(status));
  });
  if (failed.length === 0) {
    throw new RejectedError('NOTHING_TO_REPEAT', `run ${run.id} has no host that failed`, {
      hint: `see  ${options.celeroot} runs show ${run.id}`,
    });
  }
  const plans = new Map(run.jobs.map(({ id, plan }) => [id, plan ?? null]));
  const assignments = failed.map((job) => assignAgain(fleet, job, plans.get(job.id) ?? null));
  return prepareAgain(fleet, snapshot, { as: 'retry', dryRun: run.dryRun, assignments, ...options });
}

/**
 * A run that carries out what a dry run found, each host only if it would still do exactly that; with `dryRun` one
 * that only asks whether it would.
 * @throws RejectedError NOTHING_TO_REPEAT when the run was no dry run or no host planned a change.
 */
export function prepareApply(
  fleet: FleetConfig,
  snapshot: RunSnapshot,
  options: RepeatOptions & { readonly dryRun: boolean },
): PreparedRun {
  const { run, jobs } = snapshot.state;
  if (!run.dryRun) {
    throw new RejectedError('NOTHING_TO_REPEAT', `run ${run.id} was no dry run, so there is no plan to apply`, {
      hint: 'plan first, with --dry-run',
    });
  }
  const assignments = [...jobs.values()].flatMap((job) => assignPlan(fleet, job));
  if (assignments.length === 0) {
    throw new RejectedError('NOTHING_TO_REPEAT', `no host of run ${run.id} planned a change`, {
      hint: `see  ${options.celeroot} runs show ${run.id}`,
    });
  }
  return prepareAgain(fleet, snapshot, { as: 'apply', assignments, ...options });
}

type Repeat = RepeatOptions & {
  readonly as: 'retry' | 'apply';
  readonly dryRun: boolean;
  readonly assignments: readonly Assignment[];
};

function prepareAgain(fleet: FleetConfig, { state }: RunSnapshot, repeat: Repeat): PreparedRun {
  const { run } = state;
  const { as, dryRun, expiresInMs } = repeat;
  const task = requireTask(run.task);
  const { assignments, notJoined } = leaveOutNotJoined(fleet, repeat.assignments);
  requireAllowed(fleet, task, assignments);
  return plainRun({
    task,
    args: run.args,
    dryRun,
    expiresInMs,
    deadlineMs: run.deadlineMs,
    target: `${as === 'apply' ? 'the plans' : 'what failed'} of run ${run.id}`,
    assignments,
    notJoined,
    follows: { run: run.id, as },
  });
}

/** To the same queue as before: a job for any host goes to any host again. What was approved stays what is asked for. */
function assignAgain(fleet: FleetConfig, job: JobState, plan: string | null): Assignment {
  return job.to.kind === 'any' ? assignToQueue(fleet, job.to.queue) : assignToHost(fleet, job.to.host, plan);
}

/** A plan belongs to the host that made it, also when any host could have; one it would refuse cannot be applied. */
function assignPlan(fleet: FleetConfig, { end, host }: JobState): readonly Assignment[] {
  if (end === null || end.status !== 'planned' || host === null) return [];
  const { transaction, failure } = end.outcome;
  if (failure !== null || transaction === null || transaction.changes.length === 0) return [];
  return [assignToHost(fleet, host, transactionHash(transaction))];
}
