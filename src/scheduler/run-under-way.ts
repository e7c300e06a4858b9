import type { RunId } from '../core/ids.ts';
import { isEnded, jobStatus } from '../core/run-state.ts';
import type { Run } from '../core/run.ts';
import { readRuns } from '../fleet/believe-runs.ts';
import { readLastSlots } from '../fleet/believe-slots.ts';
import { candidatesIn } from '../fleet/candidates.ts';
import { readSnapshot } from '../fleet/follow-run.ts';
import { findRolloutStatus } from '../fleet/rollout-status.ts';
import { witnessOf, type Witness } from '../fleet/witness.ts';
import type { SlotId } from '../queue/slot-store.ts';
import type { Scheduler } from './scheduler-context.ts';

/** Of slots that were missed meanwhile there may be some between. */
const LOOK_BACK = 100;

/** The run of the last slot before this one that fired, if it goes on. */
export async function runUnderWay({ broker, clock, plan }: Scheduler, id: SlotId): Promise<RunId | null> {
  const witness = await witnessOf(plan.fleet, clock.now());
  const { slots } = await readLastSlots(broker, witness, { schedule: id.schedule, count: LOOK_BACK });
  const last = slots.find((record) => record.kind === 'fire' && record.slot < id.slot);
  if (last?.kind !== 'fire') return null;
  const unsent = await broker.slots.unsent();
  if (unsent.some(({ schedule, slot }) => schedule === id.schedule && slot === last.slot)) return last.run;
  const [run] = (await readRuns(broker, witness, [last.run])).runs;
  if (run === undefined) return null;
  return (await hasEnded({ broker, clock, plan }, run, witness)) ? null : last.run;
}

/** A roll-out has not ended while hosts may still have their turn, also one that has stopped. */
async function hasEnded(
  { broker, clock, plan }: Pick<Scheduler, 'broker' | 'clock' | 'plan'>,
  run: Run,
  witness: Witness,
): Promise<boolean> {
  const snapshot = await readSnapshot(broker, run, { clock, witness, candidatesOf: candidatesIn(plan.fleet) });
  // Where the record of a step is gone, what the run itself says has to do.
  const status = await findRolloutStatus(broker, { run, snapshot }, { witness, clock });
  if (status !== null) return status.decision.kind === 'finished';
  return [...snapshot.state.jobs.values()].every((job) => isEnded(jobStatus(job, run, snapshot.now)));
}
