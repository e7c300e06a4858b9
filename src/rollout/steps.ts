import type { Json } from '../core/json.ts';
import type { RolloutStep } from '../core/rollout.ts';
import type { CheckRule, RolloutRules, StepRule } from './rules.ts';
import { ownStep } from './turns.ts';

const CHECK = 'system.check';

/** A step as the rules want it; `args` is null for the job of the rolled-out run itself. */
export type WantedStep = {
  readonly step: Omit<RolloutStep, 'run'>;
  readonly args: Readonly<Record<string, Json>> | null;
  /** Where the rules say it, such as `before/0`; null for that job, and where no rules say it. */
  readonly place: string | null;
};

/**
 * What each host does in its turn: looks, the tasks before, the task itself, the tasks after, looks again; none where
 * that is the task and no more.
 */
export function stepsOf(task: string, { check, before, after }: RolloutRules): readonly WantedStep[] {
  if (check === null && before.length + after.length === 0) return [];
  return [
    ...(check === null ? [] : [look('before', check)]),
    ...before.map((rule, index) => wanted(rule, `before/${index}`)),
    { step: bare(task), args: null, place: null },
    ...after.map((rule, index) => wanted(rule, `after/${index}`)),
    ...(check === null ? [] : [look('after', check)]),
  ];
}

function wanted({ task, args, always, mayFail }: StepRule, place: string): WantedStep {
  return { step: { ...bare(task), always, mayFail }, args, place };
}

function look(what: 'before' | 'after', { args, waitMs }: CheckRule): WantedStep {
  return { step: { ...bare(CHECK), what, waitMs: what === 'after' ? waitMs : 0 }, args, place: 'check' };
}

function bare(task: string): WantedStep['step'] {
  const { run: _, ...step } = ownStep(task);
  return step;
}
