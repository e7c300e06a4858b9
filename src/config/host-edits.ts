import { RejectedError, UsageError } from '../core/errors.ts';
import { requireHost, requireRole } from '../core/host-selector.ts';
import { hostNameSchema } from '../core/names.ts';
import { parsePublicKey } from '../trust/key.ts';
import { checkName, checkPart } from './check-part.ts';
import type { Edit } from './edit.ts';
import type { FleetConfig } from './fleet-config.ts';
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

/**
 * Records the key by which a host's reports are believed.
 * @throws RejectedError UNKNOWN_HOST; KEY_EXISTS when another is recorded and shall not be replaced; UsageError when it
 * is no key.
 */
export function acceptHost(
  config: FleetConfig,
  name: string,
  { key, replace }: { readonly key: string; readonly replace: boolean },
): readonly Edit[] {
  const host = config.hosts.get(requireHost(config, name));
  if (parsePublicKey(key) === null) {
    throw new UsageError('USAGE', `no public key came from ${name}: ${JSON.stringify(key.slice(0, 100))}`, {
      hint: 'what celeroot host-key prints on the host is expected on standard input',
    });
  }
  if (host !== undefined && host.key !== null && host.key !== key && !replace) {
    throw new RejectedError('KEY_EXISTS', `another key of ${name} is in ${config.file} already`, {
      hint: `if the host was installed anew, say so with --replace; its reports so far bear the key ${host.key}`,
    });
  }
  return [{ kind: 'set', path: ['hosts', name, 'key'], value: key }];
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
