import type { FleetConfig } from '../config/fleet-config.ts';
import type { HostName } from '../core/names.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { findTask } from '../tasks/registry.ts';
import { reapLocks } from './reap-locks.ts';
import { limitedRolesOf, roleLimits } from './role-limits.ts';
import { overAt } from './rolled-run.ts';
import { witnessOf } from './witness.ts';

export type GrantQuestion = {
  readonly fleet: FleetConfig;
  readonly run: Run;
  readonly hosts: readonly HostName[];
  /** Who asks; nobody else gives this run's orders out. */
  readonly owner: string;
  readonly now: number;
};

/**
 * Those of the hosts that a run which is no roll-out may change now, by the limits of their roles; they count against
 * these from then on, until they say that they are done. The others are to be asked for again.
 */
export async function grantHosts(broker: ControllerBroker, question: GrantQuestion): Promise<readonly HostName[]> {
  const { fleet, run, hosts, owner, now } = question;
  const changes = !run.dryRun && findTask(run.task)?.changesHost !== false;
  const isLimited = (host: HostName): boolean => limitedRolesOf(fleet, host).length > 0;
  const limited = changes ? hosts.filter(isLimited) : [];
  if (limited.length === 0) return hosts;
  const free = hosts.filter((host) => !isLimited(host));
  const lease = await broker.rollouts.takeDriving(run.id, { by: owner, owner });
  if (!('token' in lease)) return free;
  const grant = async (wanted: readonly HostName[]): Promise<readonly HostName[]> => {
    const answer = await broker.rollouts.grantTurns({
      run: run.id,
      token: lease.token,
      hosts: wanted.map((host) => ({ host, roles: limitedRolesOf(fleet, host) })),
      limits: roleLimits(fleet),
      alone: false,
      until: overAt(run),
    });
    return answer.kind === 'granted' ? answer.hosts : [];
  };
  const granted = await grant(limited);
  if (granted.length === limited.length) return [...free, ...granted];
  await reapLocks(broker, await witnessOf(fleet, now), now);
  const others = await grant(limited.filter((host) => !granted.includes(host)));
  return [...free, ...granted, ...others];
}
