import type { FleetConfig } from '../config/fleet-config.ts';
import type { StandingOrder } from '../trust/standing-order.ts';
import { leaveOutNotJoined } from './leave-out-not-joined.ts';
import { assignToQueue, prepareRun, requireAllowed, requireTask, type PreparedRun } from './prepare-run.ts';

/**
 * The jobs of a standing order as the fleet is now; `signRun` signs them for a slot. Each host holds its order against
 * the standing order by its own name and roles.
 * @throws as prepareRun.
 */
export function prepareSlot(fleet: FleetConfig, standing: StandingOrder): PreparedRun {
  const { to, args, dryRun, limits, schedule } = standing;
  const { expiresInMs, deadlineMs } = limits;
  const rest = { args, dryRun, expiresInMs, deadlineMs };
  if (to.kind === 'hosts') {
    const target = { roles: [], hosts: to.hosts, all: false, exclude: to.except };
    const prepared = prepareRun(fleet, { ...rest, task: standing.task, to: { kind: 'hosts', target } });
    return { ...prepared, target: `schedule ${schedule}: ${prepared.target}`.slice(0, 2000) };
  }
  const task = requireTask(standing.task);
  const { assignments, notJoined } = leaveOutNotJoined(fleet, [assignToQueue(fleet, to.queue)]);
  requireAllowed(fleet, task, assignments);
  const target = `schedule ${schedule}: any host of the queue ${to.queue}`;
  return { ...rest, task, target, assignments, notJoined, follows: null, rollout: null, steps: [] };
}
