import { RejectedError, UsageError } from '../core/errors.ts';
import { requireHost, requireRole } from '../core/host-selector.ts';
import { hostNameSchema } from '../core/names.ts';
import { parsePublicKey } from '../trust/key.ts';
import { checkName, checkPart } from './check-part.ts';
import type { Edit } from './edit.ts';
import type { FleetConfig, Host } from './fleet-config.ts';
import { hasKey, previousKeysEdit } from './key-edits.ts';
import { namedHost } from './named-host.ts';
import { hostSchema } from './schema.ts';

export type NewHost = {
  readonly roles: readonly string[];
  readonly address: string | null;
  readonly description: string | null;
};

/** @throws RejectedError HOST_EXISTS or UNKNOWN_ROLE; UsageError when the name or a value cannot be. */
export function addHost(config: FleetConfig, name: string, host: NewHost): readonly Edit[] {
  checkName(hostNameSchema, 'host', name);
  if ([...config.hosts.keys()].some((each) => each === name)) {
    throw new RejectedError('HOST_EXISTS', `host ${name} is already in ${config.file}`, {
      hint: `look at it with: celeroot hosts show ${name}`,
    });
  }
  for (const role of host.roles) requireRole(config, role);
  const { roles, address, description } = host;
  const value = {
    ...(address === null ? {} : { address }),
    roles: [...new Set(roles)],
    ...(description === null || description === '' ? {} : { description }),
  };
  checkPart(hostSchema, value);
  return [{ kind: 'set', path: ['hosts', name], value }];
}

export type HostChange = {
  readonly addRoles: readonly string[];
  readonly removeRoles: readonly string[];
  /** Undefined leaves it; an empty text takes it away. */
  readonly address: string | undefined;
  readonly description: string | undefined;
};

/** @throws RejectedError UNKNOWN_HOST or UNKNOWN_ROLE; UsageError when the host would have no role or a value cannot be. */
export function changeHost(config: FleetConfig, name: string, change: HostChange): readonly Edit[] {
  const host = config.hosts.get(requireHost(config, name));
  const roles = new Set<string>(host?.roles);
  for (const role of change.addRoles) roles.add(requireRole(config, role));
  for (const role of change.removeRoles) {
    if (roles.delete(requireRole(config, role))) continue;
    throw new UsageError('USAGE', `host ${name} does not have the role ${role}`, {
      hint: `it has ${host?.roles.join(', ') ?? 'none'}`,
    });
  }
  if (roles.size === 0) {
    throw new UsageError('USAGE', `host ${name} would be left without a role`, {
      hint: `give it another with --add-role, or take it out with: celeroot hosts rm ${name}`,
    });
  }
  return [
    { kind: 'set-list', path: ['hosts', name, 'roles'], items: [...roles] },
    ...textEdit(['hosts', name], 'address', change.address),
    ...textEdit(['hosts', name], 'description', change.description),
  ];
}

/** What is recorded of the machine that is a host. What is left out stays as it is; null takes it away. */
export type AcceptedMachine = {
  readonly key: string;
  readonly brokerPassword?: string | null;
  readonly machine?: string | null;
  /** Whether it may take the place of another machine or key. */
  readonly replace: boolean;
};

/**
 * Records the key by which a host is believed, and what else it said of itself.
 * @throws RejectedError UNKNOWN_HOST; KEY_EXISTS when another key is recorded, or this one for another host; HOST_TWICE
 * when another machine has the recorded key; UsageError when it is no key.
 */
export function acceptHost(config: FleetConfig, name: string, accepted: AcceptedMachine): readonly Edit[] {
  const host = namedHost(config, name);
  if (parsePublicKey(accepted.key) === null) {
    throw new UsageError('USAGE', `no public key came from ${name}: ${JSON.stringify(accepted.key.slice(0, 100))}`, {
      hint: `type the line that this prints:  celeroot hosts add, or  celeroot hosts join ${name}  on a terminal`,
    });
  }
  refuseKeyOfAnother(config, host, accepted.key);
  if (!accepted.replace) refuseAnotherMachine(config, host, accepted);
  const path = ['hosts', name];
  return [
    { kind: 'set', path: [...path, 'key'], value: accepted.key },
    ...(host.key === accepted.key ? [] : forgetKeys(path)),
    ...recordEdit([...path, 'broker_password'], accepted.brokerPassword),
    ...recordEdit([...path, 'machine'], accepted.machine),
    ...recordEdit([...path, 'renamed_from'], null),
  ];
}

/** What another machine, or another life of this one, has said is not believed. */
function forgetKeys(path: readonly string[]): Edit[] {
  return ['outgoing_key', 'previous_keys'].map((name) => ({ kind: 'remove', path: [...path, name] }));
}

function refuseKeyOfAnother(config: FleetConfig, { name }: Host, key: string): void {
  const other = [...config.hosts.values()].find((each) => each.name !== name && hasKey(each, key));
  if (other === undefined) return;
  throw new RejectedError('KEY_EXISTS', `the key of this machine is that of ${other.name}`, {
    hint: `if it is the same machine:  celeroot hosts rm ${name} ; celeroot hosts rename ${other.name} ${name}\nif it is a copy of it, let it make a key of its own:  celeroot hosts join ${name} --new-secrets`,
    details: { key, host: other.name },
  });
}

function refuseAnotherMachine({ file }: FleetConfig, host: Host, { key, machine = null }: AcceptedMachine): void {
  const { name } = host;
  const isKnown = host.machine !== null && machine !== null && machine !== '';
  const details = { recorded: { key: host.key, machine: host.machine }, came: { key, machine } };
  if (host.key !== null && host.key !== key) {
    const which = !isKnown
      ? 'perhaps another machine'
      : host.machine === machine
        ? 'the same machine'
        : 'another machine';
    throw new RejectedError(
      'KEY_EXISTS',
      `${name} has another key in ${file} than what came, from ${which}: recorded is ${host.key}, this is ${key}`,
      {
        hint: `if ${name} was installed anew, or this machine takes its place:  … | celeroot hosts accept ${name} --replace  (or hosts join ${name} --token --replace)\nif not, look where the line was run: this may be the wrong machine, or a second one`,
        details,
      },
    );
  }
  if (host.key === null || !isKnown || host.machine === machine) return;
  throw new RejectedError('HOST_TWICE', `this is not the machine that joined as ${name}, but it has its key: a copy`, {
    hint: `if the first one is gone for good:  … | celeroot hosts accept ${name} --replace\nif both shall stay, the copy needs a name and a key of its own; on it:  apt-get purge celeroot  and then  celeroot hosts add`,
    details,
  });
}

/** An empty identity is that of a machine without one. */
function recordEdit(path: readonly string[], value: string | null | undefined): Edit[] {
  if (value === undefined) return [];
  return value === null || value === '' ? [{ kind: 'remove', path }] : [{ kind: 'set', path, value }];
}

/**
 * Gives a host another name, and leaves all that is recorded of it.
 * @throws RejectedError UNKNOWN_HOST or HOST_EXISTS; UsageError when nothing can be called so.
 */
export function renameHost(config: FleetConfig, from: string, to: string): readonly Edit[] {
  const host = namedHost(config, from);
  const { roles, address, description, key, outgoingKey, previousKeys, brokerPassword, machine, labels } = host;
  const added = addHost(config, to, { roles, address: address === from ? null : address, description });
  const set = (name: string, value: string | null): Edit[] => recordEdit(['hosts', to, name], value ?? undefined);
  return [
    ...added,
    ...set('key', key),
    ...set('outgoing_key', outgoingKey),
    ...previousKeysEdit(to, previousKeys),
    ...set('broker_password', brokerPassword),
    ...set('machine', machine),
    ...set('renamed_from', untoldName(host, to)),
    ...labelsEdit(to, labels),
    { kind: 'remove', path: ['hosts', from] },
    ...renameInLists(config, from, to),
  ];
}

function labelsEdit(host: string, labels: Host['labels']): Edit[] {
  if (Object.keys(labels).length === 0) return [];
  return [{ kind: 'set', path: ['hosts', host, 'labels'], value: labels }];
}

/** The name by which the machine goes on until it is told; null for one that has not joined, or is called so again. */
function untoldName({ name, key, renamedFrom }: Host, to: string): string | null {
  const goesBy = renamedFrom ?? name;
  return key === null || goesBy === to ? null : goesBy;
}

/** Calendars and schedules that name the host go on to mean it. */
function renameInLists({ calendars, schedules }: FleetConfig, from: string, to: string): Edit[] {
  const lists = [
    ...[...calendars.values()].map(({ name, hosts }) => ({ path: ['calendars', name, 'hosts'], items: hosts })),
    ...[...schedules.values()].flatMap(({ name, target }) =>
      (['hosts', 'exclude'] as const).map((key) => ({ path: ['schedules', name, 'target', key], items: target[key] })),
    ),
  ];
  return lists
    .filter(({ items }) => items.includes(from))
    .map(({ path, items }) => ({ kind: 'set-list', path, items: items.map((item) => (item === from ? to : item)) }));
}

/** @throws RejectedError UNKNOWN_HOST. */
export function removeHost(config: FleetConfig, name: string): readonly Edit[] {
  return [{ kind: 'remove', path: ['hosts', requireHost(config, name)] }];
}

/** Sets a text of a host or role, or takes it away when it is empty. */
export function textEdit(path: readonly string[], key: 'address' | 'description', text: string | undefined): Edit[] {
  if (text === undefined) return [];
  if (text === '') return [{ kind: 'remove', path: [...path, key] }];
  checkPart(hostSchema.pick({ address: true, description: true }), { [key]: text });
  return [{ kind: 'set', path: [...path, key], value: text }];
}
