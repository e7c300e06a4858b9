import { sortTurns, type Decision, type RolloutView } from './decide.ts';

/** How a roll-out stands, and what comes next. */
export type RolloutStatus = { readonly view: RolloutView; readonly decision: Decision };

/** Whether nothing is under way and nothing will be, until a person does something or a host is back. */
export function isResting({ view, decision }: RolloutStatus): boolean {
  const isHeldUp = ['stopped', 'paused', 'wait-offline'].includes(decision.kind);
  return isHeldUp && sortTurns(view).underWay.length === 0;
}
