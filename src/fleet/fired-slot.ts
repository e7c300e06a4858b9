import type { Run } from '../core/run.ts';
import type { StandingOrder } from '../trust/standing-order.ts';

/** A slot, and which step of the roll-out in it, as the record of its run says it. */
export type RunSlot = NonNullable<Run['slot']>;

/** A slot of a standing order, for which a scheduler signs the orders. */
export type FiredSlot = {
  /** The envelope that operators have signed, and what is in it. */
  readonly request: string;
  readonly standing: StandingOrder;
  /** Milliseconds since 1970. */
  readonly slot: number;
};

export function slotOf({ standing: { schedule, step }, slot }: FiredSlot): RunSlot {
  return { schedule, at: slot, ...(step === undefined ? {} : { step }) };
}
