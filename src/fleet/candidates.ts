import type { FleetConfig, Host } from '../config/fleet-config.ts';
import type { HostName, QueueName } from '../core/names.ts';
import type { JobState } from '../core/run-state.ts';

/** Which hosts of the fleet, as it is configured now, can do a job. */
export function candidatesIn(fleet: FleetConfig): (job: Pick<JobState, 'to'>) => readonly HostName[] {
  return ({ to }) => (to.kind === 'host' ? [to.host] : hostsServing(fleet, to.queue).map((host) => host.name));
}

/** The hosts that take jobs from a role's queue; several roles may share one. */
export function hostsServing(fleet: FleetConfig, queue: QueueName): readonly Host[] {
  return [...fleet.hosts.values()].filter((host) =>
    host.roles.some((role) => fleet.roles.get(role)?.queues.includes(queue) === true),
  );
}
