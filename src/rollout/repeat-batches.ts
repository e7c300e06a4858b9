import type { HostName } from '../core/names.ts';
import type { Rollout } from '../core/rollout.ts';
import { groupsOf, type RolloutPlan } from './plan-batches.ts';

type Recorded = { readonly hosts: readonly HostName[]; readonly rollout: Rollout };

/**
 * Lays out some of the hosts of a roll-out again, in their order: each batch takes as many of its group as it had, while
 * any are left.
 */
export function repeatBatches(recorded: Recorded, again: readonly HostName[]): RolloutPlan {
  const { steps: _, ...rules } = recorded.rollout;
  const groups = groupsOf(recorded.rollout, recorded.hosts);
  const left = Map.groupBy(again, (host) => groups.get(host));
  const batches = rules.batches
    .map((batch) => ({ batch, members: (left.get(batch.group) ?? []).splice(0, batch.size) }))
    .filter(({ members }) => members.length > 0);
  return {
    hosts: batches.flatMap(({ members }) => members),
    rollout: {
      ...rules,
      batches: batches.map(({ batch, members: { length: size } }) => ({
        ...batch,
        size,
        maxFailures: Math.min(batch.maxFailures, size),
      })),
    },
  };
}
