import { RejectedError } from '../core/errors.ts';
import type { FleetName } from '../core/names.ts';
import type { Grant, Trust } from './trust-file.ts';

const DAY_MS = 24 * 3_600_000;
/** How long a trust file is good for, from when it was signed. */
export const TRUST_LIFETIME_MS = 366 * DAY_MS;
/** A key without an end is good for this long: longer than anybody will use it, and still a time. */
export const NO_END = Date.UTC(9999, 11, 31);

/** The first trust file of a fleet: one root key, and one operator who may do everything. */
export function firstTrust(fleet: FleetName, keys: { root: string; operator: string }, now: number): Trust {
  return {
    fleet,
    version: 1,
    issuedAt: now,
    expiresAt: now + TRUST_LIFETIME_MS,
    roots: [keys.root],
    threshold: 1,
    grants: [
      {
        name: 'operator',
        key: keys.operator,
        tasks: ['*'],
        hosts: ['*'],
        notBefore: 0,
        notAfter: NO_END,
        revokedAt: null,
      },
    ],
  };
}

/** The same, good for another year. Every change below is a renewal too. */
export function renewTrust(trust: Trust, now: number): Trust {
  // A clock that was set back must not make a file that is older than the one before.
  const issuedAt = Math.max(now, trust.issuedAt);
  return { ...trust, version: trust.version + 1, issuedAt, expiresAt: issuedAt + TRUST_LIFETIME_MS };
}

/** @throws RejectedError KEY_EXISTS when the name or the key is there already, also revoked: both stay in use for ever. */
export function addGrant(trust: Trust, grant: Grant, now: number): Trust {
  const same = trust.grants.find((each) => each.name === grant.name || each.key === grant.key);
  if (same !== undefined) {
    const what = same.name === grant.name ? `a key called ${same.name}` : `this key, as ${same.name}`;
    throw new RejectedError('KEY_EXISTS', `the trust file has ${what} already`, {
      hint: same.revokedAt === null ? `to replace it: celeroot keys rotate ${same.name}` : 'choose another name',
    });
  }
  return { ...renewTrust(trust, now), grants: [...trust.grants, grant] };
}

/** @throws RejectedError UNKNOWN_KEY, or KEY_REVOKED when it is revoked already. */
export function revokeGrant(trust: Trust, name: string, now: number): Trust {
  const revoked = requireGrant(trust, name);
  if (revoked.revokedAt !== null) throw alreadyRevoked(name);
  return {
    ...renewTrust(trust, now),
    grants: trust.grants.map((grant) => (grant === revoked ? { ...grant, revokedAt: now } : grant)),
  };
}

/**
 * Gives what a key may do to another under the same name; the old key is revoked, and keeps its record as
 * `NAME-1`, `NAME-2` and so on.
 * @throws as revokeGrant.
 */
export function replaceGrant(trust: Trust, name: string, { key, now }: { key: string; now: number }): Trust {
  const old = requireGrant(trust, name);
  if (old.revokedAt !== null) throw alreadyRevoked(name);
  const names = new Set(trust.grants.map((grant) => grant.name));
  let number = 1;
  while (names.has(`${name}-${number}`)) number += 1;
  const retired = { ...old, name: `${name}-${number}`, revokedAt: now };
  return {
    ...renewTrust(trust, now),
    grants: [...trust.grants.map((grant) => (grant === old ? retired : grant)), { ...old, key, notBefore: 0 }],
  };
}

/** Another root key in the place of one; the file must be signed by both. @throws RejectedError UNKNOWN_KEY. */
export function replaceRoot(trust: Trust, { old, key, now }: { old: string; key: string; now: number }): Trust {
  if (!trust.roots.includes(old)) {
    throw new RejectedError('UNKNOWN_KEY', `${old} is not a root key of version ${trust.version}`, {
      hint: 'see  celeroot keys ls',
    });
  }
  return { ...renewTrust(trust, now), roots: trust.roots.map((root) => (root === old ? key : root)) };
}

function requireGrant(trust: Trust, name: string): Grant {
  const grant = trust.grants.find((each) => each.name === name);
  if (grant !== undefined) return grant;
  throw new RejectedError('UNKNOWN_KEY', `there is no key called ${name}`, { hint: 'see  celeroot keys ls' });
}

function alreadyRevoked(name: string): RejectedError {
  return new RejectedError('KEY_REVOKED', `the key of ${name} is revoked already`, {
    hint: 'a new one, under another name: celeroot keys add NAME --out FILE',
  });
}
