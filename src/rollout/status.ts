import type { Decision, RolloutView } from './decide.ts';

/** How a roll-out stands, and what comes next. */
export type RolloutStatus = { readonly view: RolloutView; readonly decision: Decision };
