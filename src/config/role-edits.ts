import { firstOf } from '../core/first-of.ts';
import { RejectedError, UsageError } from '../core/errors.ts';
import { requireRole } from '../core/host-selector.ts';
import { roleNameSchema } from '../core/names.ts';
import { checkName, checkPart } from './check-part.ts';
import type { Edit } from './edit.ts';
import type { FleetConfig, Role } from './fleet-config.ts';
import { textEdit } from './host-edits.ts';
import { roleSchema } from './schema.ts';

export type NewRole = {
  readonly description: string | null;
  /** Empty for the defaults. */
  readonly queues: readonly string[];
  readonly tasks: readonly string[];
  readonly exclude: readonly string[];
  readonly concurrency: number | null;
};

/** @throws RejectedError ROLE_EXISTS; UsageError when the name or a value cannot be. */
export function addRole(config: FleetConfig, name: string, role: NewRole): readonly Edit[] {
  checkName(roleNameSchema, 'role', name);
  if ([...config.roles.keys()].some((each) => each === name)) {
    throw new RejectedError('ROLE_EXISTS', `role ${name} is already in ${config.file}`, {
      hint: `look at it with: celeroot roles show ${name}`,
    });
  }
  const { description, queues, concurrency, tasks, exclude } = role;
  const value = {
    ...(description === null || description === '' ? {} : { description }),
    ...(queues.length === 0 ? {} : { queues: [...new Set(queues)] }),
    ...(concurrency === null ? {} : { concurrency }),
    ...(tasks.length === 0 ? {} : { tasks: [...new Set(tasks)] }),
    ...(exclude.length === 0 ? {} : { exclude: [...new Set(exclude)] }),
  };
  checkPart(roleSchema, value);
  return [{ kind: 'set', path: ['roles', name], value }];
}

type ListChange = { readonly add: readonly string[]; readonly remove: readonly string[] };
export type RoleChange = {
  /** Undefined leaves it; an empty text takes it away. */
  readonly description: string | undefined;
  readonly concurrency: number | null;
  readonly queues: ListChange;
  readonly tasks: ListChange;
  readonly exclude: ListChange;
};

/** @throws RejectedError UNKNOWN_ROLE; UsageError when a value cannot be, or what shall go is not there. */
export function changeRole(config: FleetConfig, name: string, change: RoleChange): readonly Edit[] {
  const role = config.roles.get(requireRole(config, name));
  const lists = (['queues', 'tasks', 'exclude'] as const).flatMap((key) => listEdit(name, role, [key, change[key]]));
  const { concurrency } = change;
  if (concurrency !== null) checkPart(roleSchema, { concurrency });
  return [
    ...lists,
    ...(concurrency === null
      ? []
      : [{ kind: 'set' as const, path: ['roles', name, 'concurrency'], value: concurrency }]),
    ...textEdit(['roles', name], 'description', change.description),
  ];
}

/** Starts from the list in force, so that what was a default is written out with the change. */
function listEdit(
  name: string,
  role: Role | undefined,
  [key, { add, remove }]: readonly ['queues' | 'tasks' | 'exclude', ListChange],
): Edit[] {
  if (add.length + remove.length === 0) return [];
  const items = new Set<string>(role?.[key]);
  for (const item of add) items.add(item);
  for (const item of remove) {
    if (items.delete(item)) continue;
    throw new UsageError('USAGE', `role ${name} has no ${item} among its ${key}`, {
      hint: `look at it with: celeroot roles show ${name}`,
    });
  }
  if (key === 'tasks' && items.size === 0) {
    throw new UsageError('USAGE', `role ${name} would be left without a task its hosts may do`, {
      hint: `give it another with --add-task, or take it out with: celeroot roles rm ${name}`,
    });
  }
  checkPart(roleSchema, { [key]: [...items] });
  return [{ kind: 'set-list', path: ['roles', name, key], items: [...items] }];
}

/** @throws RejectedError UNKNOWN_ROLE, or ROLE_IN_USE naming the hosts. */
export function removeRole(config: FleetConfig, name: string): readonly Edit[] {
  const role = requireRole(config, name);
  const hosts = [...config.hosts.values()].filter((host) => host.roles.includes(role)).map((host) => host.name);
  const [first] = hosts;
  if (first === undefined) return [{ kind: 'remove', path: ['roles', role] }];
  throw new RejectedError('ROLE_IN_USE', `role ${name} is still applied to ${counted(hosts)}`, {
    hint: `take it off them first, e.g.  celeroot hosts edit ${first} --remove-role ${name}`,
    details: { role, hosts },
  });
}

const NAMED = 10;

function counted(hosts: readonly string[]): string {
  return `${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}: ${firstOf(hosts, NAMED)}`;
}
