import type { FleetConfig } from '../config/fleet-config.ts';
import { didYouMean } from '../core/close-matches.ts';
import { taskAllowed, TASKS } from '../tasks/registry.ts';

/**
 * Complaints about tasks of roles that this celeroot does not have. No errors: a role may already allow what a newer
 * celeroot on its hosts can do.
 */
export function unknownTasks(config: FleetConfig): readonly string[] {
  const names = TASKS.map(({ name }) => name);
  return [...config.roles.values()].flatMap(({ name: role, tasks }) =>
    tasks
      .filter((pattern) => !names.some((name) => taskAllowed(name, [pattern])))
      .map(
        (pattern) =>
          `roles/${role}/tasks: no task is called ${pattern}; ${didYouMean(pattern, names, 'see  celeroot tasks ls')}`,
      ),
  );
}
