import type { RunId } from '../core/ids.ts';
import type { Run } from '../core/run.ts';
import { runIdOfStep, type StandingOrder } from '../trust/standing-order.ts';

/** A slot of a standing order, for which a scheduler signs the orders. */
export type FiredSlot = {
  /** The envelope that operators have signed, and what is in it. */
  readonly request: string;
  readonly standing: StandingOrder;
  /** Milliseconds since 1970. */
  readonly slot: number;
};

export function runIdOf({ standing, slot }: FiredSlot): RunId {
  return runIdOfStep(standing.fleet, standing, slot);
}

/** As the record of its run says it. */
export function slotOf({ standing: { schedule, step }, slot }: FiredSlot): NonNullable<Run['slot']> {
  return { schedule, at: slot, ...(step === undefined ? {} : { step }) };
}
