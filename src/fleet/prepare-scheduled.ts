import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import type { RolloutChoice } from '../rollout/rules.ts';
import { planRollout } from './plan-rollout.ts';
import { type PreparedRun, prepareRun, type RunRequest } from './prepare-run.ts';
import { scheduleRequest } from './schedule-request.ts';

/**
 * The run that a schedule makes, in the batches of its roll-out; with `changes` to what it asks for at each of its slots.
 * `seed` decides a shuffled order.
 * @throws as prepareRun and planRollout.
 */
export function prepareScheduled(
  fleet: FleetConfig,
  schedule: Schedule,
  { changes = {}, seed = '' }: { readonly changes?: Partial<RunRequest>; readonly seed?: string } = {},
): PreparedRun {
  const prepared = prepareRun(fleet, { ...scheduleRequest(schedule), ...changes });
  const choice = rolloutChoice(schedule);
  return choice === null ? prepared : planRollout(fleet, prepared, { choice, seed });
}

/** The roll-out of a schedule, as a command line would choose it. */
export function rolloutChoice({ rollout }: Schedule): RolloutChoice | null {
  return rollout === null ? null : { name: rollout, changes: {} };
}
