import type { FleetConfig } from '../config/fleet-config.ts';
import { didYouMean } from '../core/close-matches.ts';
import { RejectedError } from '../core/errors.ts';
import { taskAllowed, TASKS } from '../tasks/registry.ts';

/**
 * Complaints about tasks of roles that this celeroot does not have. No errors: a role may already allow what a newer
 * celeroot on its hosts can do.
 */
export function unknownTasks(config: FleetConfig): readonly string[] {
  return [...config.roles.values()].flatMap(({ name: role, tasks }) =>
    unknownAmong(tasks).map((pattern) => `roles/${role}/tasks: no task is called ${pattern}; ${meantTask(pattern)}`),
  );
}

/**
 * For tasks that are typed on a command line, where one that does not exist is a slip.
 * @throws RejectedError UNKNOWN_TASK with what may have been meant by the first that is unknown.
 */
export function requireKnownTasks(patterns: readonly string[]): void {
  const unknown = unknownAmong(patterns);
  const [first] = unknown;
  if (first === undefined) return;
  throw new RejectedError('UNKNOWN_TASK', `no task is called ${unknown.join(' or ')}`, {
    hint: meantTask(first),
    details: { unknown, tasks: NAMES },
  });
}

const NAMES = TASKS.map(({ name }) => name);
const GROUPS = [...new Set(NAMES.map((name) => `${name.slice(0, name.indexOf('.'))}.*`))];

function unknownAmong(patterns: readonly string[]): readonly string[] {
  return patterns.filter((pattern) => !NAMES.some((name) => taskAllowed(name, [pattern])));
}

/** What may have been meant by a task that there is not. */
export function meantTask(pattern: string): string {
  return didYouMean(pattern, pattern.endsWith('*') ? GROUPS : NAMES, 'see  celeroot tasks ls');
}
