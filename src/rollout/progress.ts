import type { HostName } from '../core/names.ts';
import type { Rollout, RolloutAct, RolloutEntry } from '../core/rollout.ts';
import { batchesOf, groupsOf } from './plan-batches.ts';

/** How far a roll-out has come, by what its drivers have written down and its operators have signed. */
export type RolloutProgress = {
  readonly rollout: Rollout;
  readonly batches: readonly (readonly HostName[])[];
  /** What hosts are in that may not be under way together with those of another; none where any may. */
  readonly groups: ReadonlyMap<HostName, string>;
  /** When hosts were given their orders, milliseconds since 1970. */
  readonly released: ReadonlyMap<HostName, number>;
  readonly forgiven: ReadonlySet<HostName>;
  readonly settledAt: number | null;
  readonly paused: { readonly by: string; readonly at: number } | null;
};

export type RolloutHistory = {
  /** In the order in which they were written. */
  readonly entries: readonly RolloutEntry[];
  readonly acts: readonly RolloutAct[];
};

/**
 * The progress after all of that. Acts count in the order of their times, each time once: whoever writes to Redis can
 * repeat an act, which changes nothing.
 */
export function foldProgress(
  rollout: Rollout,
  hosts: readonly HostName[],
  { entries, acts }: RolloutHistory,
): RolloutProgress {
  const start = { rollout, batches: batchesOf(hosts, rollout.batches), forgiven: new Set<HostName>(), paused: null };
  return { ...foldActs(start, acts), ...foldEntries(entries), groups: groupsOf(rollout, hosts) };
}

function foldEntries(entries: readonly RolloutEntry[]): Pick<RolloutProgress, 'released' | 'settledAt'> {
  const released = new Map<HostName, number>();
  let settledAt: number | null = null;
  for (const entry of entries) {
    if (entry.kind === 'settled') {
      settledAt ??= entry.at;
      continue;
    }
    settledAt = null;
    for (const host of entry.hosts) released.set(host, entry.at);
  }
  return { released, settledAt };
}

type Steered = Pick<RolloutProgress, 'rollout' | 'batches' | 'forgiven' | 'paused'>;

function foldActs(start: Steered, acts: readonly RolloutAct[]): Steered {
  const inOrder = [...new Map(acts.map((act) => [act.at, act])).values()].toSorted((a, b) => a.at - b.at);
  return inOrder.reduce<Steered>(applyAct, start);
}

function applyAct(steered: Steered, { act, by, at }: RolloutAct): Steered {
  if (act.kind === 'pause') return { ...steered, paused: { by, at } };
  if (act.afterStop === null) return { ...steered, paused: null };
  const { forgiven, hosts, batches } = act.afterStop;
  return {
    rollout: { ...steered.rollout, batches },
    batches: batchesOf(hosts, batches),
    forgiven: new Set([...steered.forgiven, ...forgiven]),
    paused: null,
  };
}
