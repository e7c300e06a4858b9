import { madeAt, type RunId } from '../core/ids.ts';
import type { ResolvedSchedule } from '../fleet/resolve-schedule.ts';
import { runIdOfSlot } from '../trust/standing-order.ts';
import type { Plan } from './scheduler-context.ts';

/** The schedule of whose slot it is the run; null for a run of an operator, or of a schedule that has left the file. */
export function scheduleOfRun({ fleet, schedules }: Plan, id: RunId): ResolvedSchedule | null {
  return schedules.find(({ schedule }) => runIdOfSlot(fleet.fleet, schedule.name, madeAt(id)) === id) ?? null;
}
