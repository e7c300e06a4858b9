import type { FleetConfig, Host } from '../config/fleet-config.ts';
import type { HostUser } from '../core/host-user.ts';
import type { HostName } from '../core/names.ts';

export type FleetUsers = {
  /** Of the hosts that made themselves a password for Redis. */
  readonly users: readonly HostUser[];
  /** Hosts that have none, and share the password of others or none. */
  readonly without: readonly HostName[];
};

/** Who of the fleet has a user of its own in Redis, and what that is for. */
export function fleetUsers(config: FleetConfig): FleetUsers {
  const hosts = [...config.hosts.values()];
  return {
    users: hosts.flatMap((host) => hostUserOf(config, host) ?? []),
    without: hosts.flatMap(({ name, brokerPassword }) => (brokerPassword === null ? [name] : [])),
  };
}

/** A host's user in Redis; null when the configuration has no password of it. */
export function hostUserOf(config: FleetConfig, host: Host): HostUser | null {
  if (host.brokerPassword === null) return null;
  const queues = host.roles.flatMap((role) => config.roles.get(role)?.queues ?? []);
  return { host: host.name, queues: [...new Set(queues)], passwordSha256: host.brokerPassword };
}
