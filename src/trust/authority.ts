import { globMatches } from '../core/glob.ts';
import type { HostName, RoleName } from '../core/names.ts';
import { refuse, type Refused } from './dsse.ts';
import { isoTime } from './iso-time.ts';
import { kindOf, type Grant, type KeyKind, type Trust } from './trust-file.ts';

/** Something that a key asks a host for. */
export type Request = {
  readonly key: string;
  /** The kind of key that may ask it. */
  readonly as: KeyKind;
  /** Null for what needs no more than a key that is good here, such as a cancel. */
  readonly task: string | null;
  readonly host: { readonly name: HostName; readonly roles: readonly RoleName[] };
  /** Milliseconds since 1970. */
  readonly now: number;
  /** When the host first began what is asked; null when it has not. */
  readonly begunAt: number | null;
};

/** Whether the trust file lets a key ask for that, there and then; null when it does. */
export function checkAuthority(trust: Trust, request: Request): Refused | null {
  const grant = trust.grants.find((each) => each.key === request.key);
  return checkKey(trust, request) ?? (grant === undefined ? null : checkScope(grant, request));
}

/**
 * Whether a key is one of that kind and in force; null when it is. A revoked key begins nothing any more, whatever the
 * clocks say; what had begun before is finished, so that no host is left in the middle.
 */
export function checkKey(trust: Trust, request: Pick<Request, 'key' | 'as' | 'now' | 'begunAt'>): Refused | null {
  const { key, as, begunAt } = request;
  const now = begunAt ?? request.now;
  const grant = trust.grants.find((each) => each.key === key);
  if (grant === undefined) return refuse('UNKNOWN_KEY', `the trust file (version ${trust.version}) has no key ${key}`);
  if (kindOf(grant) !== as) {
    return refuse(
      'WRONG_KIND',
      `the key of ${grant.name} is of kind ${kindOf(grant)}, and this needs one of kind ${as}`,
    );
  }
  if (grant.revokedAt !== null && (begunAt === null || begunAt >= grant.revokedAt)) {
    return refuse('KEY_REVOKED', `the key of ${grant.name} was revoked at ${isoTime(grant.revokedAt)}`);
  }
  if (now >= trust.expiresAt) {
    return refuse('TRUST_EXPIRED', `the trust file (version ${trust.version}) expired at ${isoTime(trust.expiresAt)}`);
  }
  if (now < grant.notBefore || now >= grant.notAfter) {
    const period = `${isoTime(grant.notBefore)} to ${isoTime(grant.notAfter)}`;
    return refuse('NOT_GRANTED', `the key of ${grant.name} is good from ${period}`);
  }
  return null;
}

/** Whether a grant is for a task on a host, whenever it may be used. */
export function grantCovers(grant: Grant, { task, host }: Pick<Request, 'task' | 'host'>): boolean {
  return wordsCover(grant.hosts, host) && (task === null || grantAllows(grant.tasks, task));
}

/** Whether a host is meant by a list of names, globs and `@role`s. */
export function wordsCover(hosts: readonly string[], { name, roles }: Request['host']): boolean {
  return hosts.some((word) =>
    word.startsWith('@') ? roles.some((role) => role === word.slice(1)) : globMatches(word, name),
  );
}

/** Whether a grant's list of tasks (`apt.install`, `apt.*`, `*`) has the task. */
function grantAllows(tasks: readonly string[], task: string): boolean {
  return tasks.some((pattern) => globMatches(pattern, task));
}

function checkScope(grant: Grant, { task, host }: Request): Refused | null {
  if (grantCovers(grant, { task, host })) return null;
  const [what, scope] = wordsCover(grant.hosts, host) ? [task, grant.tasks] : [host.name, grant.hosts];
  return refuse('NOT_GRANTED', `the key of ${grant.name} is not for ${what}, but for ${scope.join(', ')}`);
}
