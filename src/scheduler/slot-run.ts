import { createHash } from 'node:crypto';
import { makeRunId, type RunId } from '../core/ids.ts';
import type { FleetName, ScheduleName } from '../core/names.ts';

/**
 * The id of the run of a slot. It follows from the slot, so that whoever sends it, and however often, sends the same run:
 * queues take a job once, and a host's ledger refuses the second.
 */
export function slotRunId(fleet: FleetName, schedule: ScheduleName, slot: number): RunId {
  const digest = createHash('sha256')
    .update(['slot', fleet, schedule, String(slot)].join('\0'))
    .digest();
  return makeRunId(slot, digest.subarray(0, 10));
}
