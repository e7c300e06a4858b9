import type { WorkerConfig } from '../config/fleet-config.ts';
import type { Destination } from '../core/run.ts';

/** A queue and how many of its jobs a host does at once. */
export type Share = { readonly queue: Destination; readonly concurrency: number };

/** The host's own queue, and each queue of its roles once, with the highest concurrency of those that name it. */
export function queuesOf({ host, roles }: Pick<WorkerConfig, 'host' | 'roles'>): readonly Share[] {
  const highest = Math.max(1, ...roles.map((role) => role.concurrency));
  const names = new Set(roles.flatMap((role) => role.queues));
  const shared = [...names].map((queue): Share => {
    const serving = roles.filter((role) => role.queues.includes(queue));
    return { queue: { kind: 'any', queue }, concurrency: Math.max(...serving.map((role) => role.concurrency)) };
  });
  return [{ queue: { kind: 'host', host }, concurrency: highest }, ...shared];
}
