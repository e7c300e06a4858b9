import type { WorkerConfig } from '../config/fleet-config.ts';
import type { HostPolicy } from '../executor/host-policy.ts';

/** The part of the configuration that orders are held against. */
export function hostPolicyOf({ fleet, host, roots, leastTrust, roles }: WorkerConfig): HostPolicy {
  return {
    fleet,
    host,
    roots: [...roots],
    leastTrust,
    roles: roles.map(({ name, queues, tasks, exclude }) => ({
      name,
      queues: [...queues],
      tasks: [...tasks],
      exclude: [...exclude],
    })),
  };
}
