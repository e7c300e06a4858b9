import type { Destination } from '../core/run.ts';
import { taskAllowed } from './registry.ts';

/** What a role says about the orders its hosts may take. */
export type RoleRules = {
  readonly name: string;
  readonly queues: readonly string[];
  /** `apt.install`, `apt.*` or `*`. */
  readonly tasks: readonly string[];
};

export type RoleVerdict = {
  readonly allowed: boolean;
  /** Names of the roles that were asked. */
  readonly asked: readonly string[];
};

/**
 * Whether a host with these roles takes an order. One for any host of a role is judged by the roles that serve its
 * queue, one for the host itself by all. The host decides by this, and the terminal asks the same before it sends.
 */
export function judgeByRoles(task: string, to: Destination, roles: readonly RoleRules[]): RoleVerdict {
  const asked = to.kind === 'host' ? roles : roles.filter((role) => role.queues.includes(to.queue));
  return { allowed: asked.some((role) => taskAllowed(task, role.tasks)), asked: asked.map((role) => role.name) };
}
