import type { HostName } from '../core/names.ts';
import type { Rollout } from '../core/rollout.ts';
import type { RolloutPlan } from './plan-batches.ts';

/** Lays out some of the hosts of a roll-out again, in their order: each batch takes as many as it had, while any are left. */
export function repeatBatches(rollout: Rollout, hosts: readonly HostName[]): RolloutPlan {
  const { steps: _, ...rules } = rollout;
  const batches: Rollout['batches'] = [];
  let left = hosts.length;
  for (const batch of rollout.batches) {
    const size = Math.min(batch.size, left);
    if (size > 0) batches.push({ ...batch, size, maxFailures: Math.min(batch.maxFailures, size) });
    left -= size;
  }
  return { hosts, rollout: { ...rules, batches } };
}
