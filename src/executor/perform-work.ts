import type { Step, StepResult, Work } from '../core/step.ts';

/** Carries out one step. What it throws is thrown into the work at that step. */
export type StepPerformer = (step: Step) => Promise<StepResult>;

/** Takes work from step to step until it returns. */
export async function performWork<T>(work: Work<T>, perform: StepPerformer): Promise<T> {
  let next = work.next();
  while (next.done !== true) {
    let result: StepResult;
    try {
      result = await perform(next.value);
    } catch (error) {
      next = work.throw(error);
      continue;
    }
    next = work.next(result);
  }
  return next.value;
}
