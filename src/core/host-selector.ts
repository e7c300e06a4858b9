import { didYouMean } from './close-matches.ts';
import { RejectedError, UsageError } from './errors.ts';
import { globMatches, isGlob } from './glob.ts';
import { type HostName, hostNameSchema, type RoleName } from './names.ts';

/** Which hosts are meant, as typed. `roles`, `hosts` and `all` add hosts; `exclude` takes away. */
export type Target = {
  readonly roles: readonly string[];
  /** Names or globs. */
  readonly hosts: readonly string[];
  readonly all: boolean;
  /** Names, globs, or `@role`. */
  readonly exclude: readonly string[];
};

/** What the selector needs to know of a fleet. */
export type HostIndex = {
  readonly roles: ReadonlyMap<RoleName, unknown>;
  readonly hosts: ReadonlyMap<HostName, { readonly roles: readonly RoleName[] }>;
};

/**
 * The hosts a target means, in the order of the configuration, each once.
 * @throws RejectedError UNKNOWN_HOST or UNKNOWN_ROLE for a name that is not there, also in `exclude`, where a typing
 * error would change a host that was meant to be left alone; NO_HOST_MATCHED when nothing is left.
 */
export function selectHosts(fleet: HostIndex, target: Target): readonly HostName[] {
  if (!target.all && target.roles.length === 0 && target.hosts.length === 0) {
    throw new UsageError('USAGE', 'no target given', { hint: 'add --role ROLE, --host NAME or --all' });
  }
  const selected = matchingHosts(fleet, target);
  if (selected.length === 0) throw nothingMatched(fleet, target);
  return selected;
}

/**
 * The same, or none when none matches.
 * @throws RejectedError UNKNOWN_HOST or UNKNOWN_ROLE.
 */
export function matchingHosts(fleet: HostIndex, target: Target): readonly HostName[] {
  for (const role of target.roles) requireRole(fleet, role);
  const wanted = matcher(fleet, target.hosts);
  const unwanted = matcher(fleet, target.exclude);
  const selected: HostName[] = [];
  for (const [name, host] of fleet.hosts) {
    const isMeant = target.all || wanted(name, host.roles) || host.roles.some((role) => target.roles.includes(role));
    if (isMeant && !unwanted(name, host.roles)) selected.push(name);
  }
  return selected;
}

/** The target in words, for records and messages: `role webserver, without web1`. */
export function describeTarget(target: Target): string {
  const parts = [
    ...(target.all ? ['all hosts'] : []),
    ...target.roles.map((role) => `role ${role}`),
    ...target.hosts.map((host) => `host ${host}`),
  ];
  const meant = parts.join(', ');
  return target.exclude.length === 0 ? meant : `${meant}, without ${target.exclude.join(', ')}`;
}

/** Throws UNKNOWN_ROLE, with what may have been meant, unless the fleet has the role; returns its name. */
export function requireRole(fleet: HostIndex, name: string): RoleName {
  for (const role of fleet.roles.keys()) if (role === name) return role;
  throw new RejectedError('UNKNOWN_ROLE', `there is no role ${name}`, {
    hint: didYouMean(name, fleet.roles.keys(), 'see  celeroot roles ls'),
  });
}

/** Throws UNKNOWN_HOST, with what may have been meant, unless the fleet has the host; returns its name. */
export function requireHost(fleet: Pick<HostIndex, 'hosts'>, name: string): HostName {
  const known = hostNameSchema.safeParse(name).data;
  if (known !== undefined && fleet.hosts.has(known)) return known;
  throw new RejectedError('UNKNOWN_HOST', `there is no host ${name}`, {
    hint: didYouMean(name, fleet.hosts.keys(), 'see  celeroot hosts ls'),
  });
}

type Matcher = (name: HostName, roles: readonly RoleName[]) => boolean;

function matcher(fleet: HostIndex, words: readonly string[]): Matcher {
  const names = new Set<string>();
  const globs: string[] = [];
  const roles = new Set<string>();
  for (const word of words) {
    if (word.startsWith('@')) roles.add(requireRole(fleet, word.slice(1)));
    else if (isGlob(word)) globs.push(word);
    else names.add(requireHost(fleet, word));
  }
  return (name, hostRoles) =>
    names.has(name) || hostRoles.some((role) => roles.has(role)) || globs.some((glob) => globMatches(glob, name));
}

function nothingMatched(fleet: HostIndex, target: Target): RejectedError {
  const hint =
    fleet.hosts.size === 0
      ? 'the fleet has no hosts yet; add one:  celeroot hosts add NAME --role ROLE'
      : 'see  celeroot hosts ls';
  return new RejectedError('NO_HOST_MATCHED', `no host matches ${describeTarget(target)}`, { hint });
}
