import type { FleetConfig } from '../config/fleet-config.ts';
import type { CheckRule, RolloutRules, StepRule } from '../rollout/rules.ts';
import { ownStep } from '../rollout/turns.ts';
import { checkArguments, requireAllowed, requireTask, type PreparedRun, type PreparedStep } from './prepare-run.ts';

const CHECK = 'system.check';

/**
 * What each host does in its turn: looks, the tasks before, the task itself, the tasks after, looks again. Each is a run
 * of its own that belongs to the roll-out, with its own orders, reports and lines in the journal.
 * @throws RejectedError UNKNOWN_TASK or TASK_NOT_ALLOWED, UsageError INVALID_ARGUMENTS, for any of them.
 */
export function prepareSteps(fleet: FleetConfig, run: PreparedRun, rules: RolloutRules): readonly PreparedStep[] {
  const { check, before, after } = rules;
  if (check === null && before.length + after.length === 0) return [];
  const prepare = (task: string, args: StepRule['args']): PreparedRun => prepareStep(fleet, run, { task, args });
  const task = (rule: StepRule): PreparedStep => {
    const { always, mayFail } = rule;
    return { step: { ...ownStepOf(rule.task), always, mayFail }, run: prepare(rule.task, rule.args) };
  };
  const look = (what: 'before' | 'after', { args, waitMs }: CheckRule): PreparedStep => ({
    step: { ...ownStepOf(CHECK), what, waitMs: what === 'after' ? waitMs : 0 },
    run: prepare(CHECK, args),
  });
  return [
    ...(check === null ? [] : [look('before', check)]),
    ...before.map(task),
    { step: ownStepOf(run.task.name), run: null },
    ...after.map(task),
    ...(check === null ? [] : [look('after', check)]),
  ];
}

function ownStepOf(task: string): PreparedStep['step'] {
  const { run: _, ...step } = ownStep(task);
  return step;
}

function prepareStep(
  fleet: FleetConfig,
  run: PreparedRun,
  { task: name, args }: Pick<StepRule, 'task' | 'args'>,
): PreparedRun {
  const task = requireTask(name);
  checkArguments(task, args);
  const assignments = run.assignments.map((assignment) => ({ ...assignment, expectedPlan: null, args: {} }));
  requireAllowed(fleet, task, assignments);
  return {
    ...run,
    task,
    args,
    assignments,
    dryRun: false,
    target: `each host of a roll-out of ${run.task.name}, in its turn`,
    follows: null,
    rollout: null,
    steps: [],
  };
}
