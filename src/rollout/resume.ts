import type { RolloutAct } from '../core/rollout.ts';
import { isFailed, stopReason, type RolloutView } from './decide.ts';

type AfterStop = Extract<RolloutAct['act'], { kind: 'resume' }>['afterStop'];

/**
 * How a stopped roll-out goes on when an operator says so; null when it has not stopped. The failures so far are
 * forgiven. Batches stay as they were, without the hosts that had their turn; but as many hosts as the first batch has
 * go first, since nothing shows yet that it works now.
 */
export function resumeAfterStop(view: RolloutView): AfterStop {
  if (stopReason(view) === null) return null;
  const { rollout, batches, turns } = view;
  const left = batches.flatMap((members, index) => {
    const hosts = members.filter((host) => turns.get(host)?.status === 'held');
    return hosts.length === 0
      ? []
      : [{ name: rollout.batches[index]?.name ?? '', hosts, rest: rollout.batches[index] }];
  });
  const [first, ...others] = left;
  const trialSize = rollout.batches[0]?.size ?? 1;
  const pieces =
    first === undefined || first.hosts.length <= trialSize
      ? left
      : [
          { ...first, name: `${first.name} first`, hosts: first.hosts.slice(0, trialSize) },
          { ...first, hosts: first.hosts.slice(trialSize) },
          ...others,
        ];
  return {
    forgiven: [...turns].flatMap(([host, turn]) => (isFailed(turn) ? [host] : [])),
    hosts: pieces.flatMap(({ hosts }) => hosts),
    batches: pieces.map(({ name, hosts, rest }) => ({
      name,
      size: hosts.length,
      maxFailures: Math.min(rest?.maxFailures ?? 0, hosts.length),
    })),
  };
}
