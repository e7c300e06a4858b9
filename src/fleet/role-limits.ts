import type { FleetConfig } from '../config/fleet-config.ts';
import type { HostName, RoleName } from '../core/names.ts';
import { countOf } from '../rollout/size.ts';

/** How many hosts of a role may be in the middle of a change at once, for roles that limit it; always one at least. */
export function roleLimits({ roles, hosts }: FleetConfig): ReadonlyMap<RoleName, number> {
  const limits = new Map<RoleName, number>();
  for (const { name, maxUnavailable } of roles.values()) {
    if (maxUnavailable === null) continue;
    const members = [...hosts.values()].filter((host) => host.roles.includes(name)).length;
    limits.set(name, Math.max(1, countOf(maxUnavailable, members)));
  }
  return limits;
}

/** The roles of a host that limit it. */
export function limitedRolesOf(fleet: FleetConfig, host: HostName): readonly RoleName[] {
  return (fleet.hosts.get(host)?.roles ?? []).filter(
    (role) => (fleet.roles.get(role)?.maxUnavailable ?? null) !== null,
  );
}
