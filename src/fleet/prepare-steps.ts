import type { FleetConfig } from '../config/fleet-config.ts';
import type { StepRule } from '../rollout/rules.ts';
import type { WantedStep } from '../rollout/steps.ts';
import {
  checkArguments,
  plainRun,
  requireAllowed,
  requireTask,
  type PreparedRun,
  type PreparedStep,
} from './prepare-run.ts';

/**
 * What each host does in its turn. Each step is a run of its own that belongs to the roll-out, with its own orders,
 * reports and lines in the journal.
 * @throws RejectedError UNKNOWN_TASK or TASK_NOT_ALLOWED, UsageError INVALID_ARGUMENTS, for any of them.
 */
export function prepareSteps(
  fleet: FleetConfig,
  run: PreparedRun,
  steps: readonly WantedStep[],
): readonly PreparedStep[] {
  return steps.map(({ step, args, place }) => ({
    step,
    run: args === null ? null : prepareStep(fleet, run, { task: step.task, args, place }),
  }));
}

function prepareStep(
  fleet: FleetConfig,
  run: PreparedRun,
  { task: name, args, place }: Pick<StepRule, 'task' | 'args'> & { readonly place: string | null },
): PreparedRun {
  const task = requireTask(name);
  checkArguments(task, args, place);
  const assignments = run.assignments.map((assignment) => ({ ...assignment, expectedPlan: null, args: {} }));
  requireAllowed(fleet, task, assignments);
  const { expiresInMs, deadlineMs, notJoined } = run;
  const target = `each host of a roll-out of ${run.task.name}, in its turn`;
  return plainRun({ task, args, expiresInMs, deadlineMs, target, assignments, notJoined });
}
