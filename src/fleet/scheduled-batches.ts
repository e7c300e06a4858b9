import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import { CelerootError } from '../core/errors.ts';
import type { Rollout } from '../core/rollout.ts';
import { prepareScheduled } from './prepare-scheduled.ts';

/** The batches that a schedule's hosts make now; null without a roll-out, and where it could not run anyway. */
export function rolloutOf(fleet: FleetConfig, schedule: Schedule): Rollout | null {
  try {
    return schedule.rollout === null ? null : prepareScheduled(fleet, schedule).rollout;
  } catch (error) {
    if (!(error instanceof CelerootError)) throw error;
    return null;
  }
}

/** How long after the slot the last batch begins, if those before it take as long as they may; milliseconds. */
export function roundsMs(rollout: Rollout | null, { deadlineMs }: Schedule): number {
  return rollout === null ? 0 : (rollout.batches.length - 1) * (rollout.soakMs + deadlineMs);
}
