import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import { CelerootError } from '../core/errors.ts';
import { matchingHosts } from '../core/host-selector.ts';
import type { Rollout } from '../core/rollout.ts';
import { planBatches } from '../rollout/plan-batches.ts';
import { plannedHosts } from './plan-rollout.ts';

/** The batches that a schedule's hosts make now; null without a roll-out, and where its canary is none of them. */
export function scheduledBatches(fleet: FleetConfig, { rollout, target }: Schedule): Rollout | null {
  const rules = rollout === null ? undefined : fleet.rollouts.get(rollout);
  const hosts = plannedHosts(fleet, matchingHosts(fleet, target));
  if (rules === undefined || hosts.length === 0) return null;
  try {
    return planBatches(hosts, rules, '').rollout;
  } catch (error) {
    if (!(error instanceof CelerootError)) throw error;
    return null;
  }
}

/** How long after the slot the last batch begins, if those before it take as long as they may; milliseconds. */
export function lastBatchMs(rollout: Rollout | null, { deadlineMs }: Schedule): number {
  return rollout === null ? 0 : (rollout.batches.length - 1) * (rollout.soakMs + deadlineMs);
}
