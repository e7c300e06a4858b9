import type { RunId } from '../core/ids.ts';
import { isEnded, jobStatus } from '../core/run-state.ts';
import { readRuns } from '../fleet/believe-runs.ts';
import { candidatesIn } from '../fleet/candidates.ts';
import { readRun } from '../fleet/follow-run.ts';
import { witnessOf } from '../fleet/witness.ts';
import type { SlotId } from '../queue/slot-store.ts';
import type { Scheduler } from './scheduler-context.ts';

/** Of slots that were missed meanwhile there may be some between. */
const LOOK_BACK = 100;

/** The run of the last slot before this one that fired, if it goes on. */
export async function runUnderWay({ broker, clock, plan }: Scheduler, id: SlotId): Promise<RunId | null> {
  const records = await broker.slots.last(id.schedule, LOOK_BACK);
  const last = records.find((record) => record.kind === 'fire' && record.slot < id.slot);
  if (last?.kind !== 'fire') return null;
  const unsent = await broker.slots.unsent();
  if (unsent.some(({ schedule, slot }) => schedule === id.schedule && slot === last.slot)) return last.run;
  const witness = await witnessOf(plan.fleet, clock.now());
  const [run] = (await readRuns(broker, witness, [last.run])).runs;
  if (run === undefined) return null;
  const { state } = await readRun(broker, run, { witness, candidatesOf: candidatesIn(plan.fleet) });
  const now = clock.now();
  return [...state.jobs.values()].every((job) => isEnded(jobStatus(job, run, now))) ? null : last.run;
}
