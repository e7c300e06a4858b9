import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fleetNameSchema, hostNameSchema, roleNameSchema } from '../core/names.ts';
import { checkAuthority, type Request } from './authority.ts';
import { addGrant, firstTrust, NO_END, replaceGrant, revokeGrant } from './change-trust.ts';
import { makeSigningKey } from './key.ts';
import type { Trust } from './trust-file.ts';

const NOW = Date.UTC(2026, 10, 23);
const DAY = 24 * 3_600_000;
const [root, operator, ada, other] = [1, 2, 3, 4].map(() => makeSigningKey().id) as [string, string, string, string];
const first = firstTrust(fleetNameSchema.parse('lab'), { root, operator }, NOW - DAY);
const grant = { name: 'ada', key: ada, tasks: ['apt.*', 'system.ping'], hosts: ['db*', '@web'], revokedAt: null };
const trust = addGrant(first, { ...grant, notBefore: NOW, notAfter: NOW + DAY }, NOW);
const web1 = { name: hostNameSchema.parse('web1'), roles: [roleNameSchema.parse('web')] };
const mail1 = { name: hostNameSchema.parse('mail1'), roles: [roleNameSchema.parse('mail')] };
const db7 = { name: hostNameSchema.parse('db7'), roles: [roleNameSchema.parse('mail')] };
const asked: Request = { key: ada, as: 'operator', task: 'apt.install', host: web1, now: NOW, begunAt: null };

function verdict(request: Partial<Request>, of: Trust = trust): string {
  return checkAuthority(of, { ...asked, ...request })?.code ?? 'allowed';
}

describe('a key', () => {
  const cases: readonly (readonly [string, string, Partial<Request>, Trust?])[] = [
    ['may ask for its tasks on hosts of its roles', 'allowed', {}],
    ['may ask for its tasks on hosts its globs match', 'allowed', { host: db7, task: 'system.ping' }],
    ['may not ask other hosts', 'NOT_GRANTED', { host: mail1 }],
    ['may not ask for other tasks', 'NOT_GRANTED', { task: 'system.facts' }],
    ['may not ask for a task whose group only begins alike', 'NOT_GRANTED', { task: 'aptly.install' }],
    ['may cancel on its hosts', 'allowed', { task: null }],
    ['may not cancel on others', 'NOT_GRANTED', { task: null, host: mail1 }],
    ['is not good before its time', 'NOT_GRANTED', { now: NOW - 1 }],
    ['is not good after its time', 'NOT_GRANTED', { now: NOW + DAY }],
    ['that is not in the file may nothing', 'UNKNOWN_KEY', { key: other }],
    ['that signs the file may nothing else', 'UNKNOWN_KEY', { key: root }],
    ['may nothing when the file has expired', 'TRUST_EXPIRED', { key: operator, now: first.expiresAt + DAY }],
    [
      'may nothing once revoked, whatever the host’s clock says',
      'KEY_REVOKED',
      { now: 0 },
      revokeGrant(trust, 'ada', NOW),
    ],
    ['that was replaced may nothing', 'KEY_REVOKED', {}, replaceGrant(trust, 'ada', { key: other, now: NOW })],
    [
      'that replaces another may what that might',
      'allowed',
      { key: other },
      replaceGrant(trust, 'ada', { key: other, now: NOW }),
    ],
  ];
  test('may only what its kind of key may', () => {
    const kinds = [undefined, 'operator', 'scheduler', 'release'] as const;
    const key = other;
    const codes = kinds.map((kind) => {
      const of = addGrant(
        trust,
        { ...grant, ...(kind && { kind }), name: 'x', key, notBefore: 0, notAfter: NO_END },
        NOW,
      );
      return (['operator', 'scheduler', 'release'] as const).map((as) => verdict({ key, as }, of));
    });
    const [yes, no] = ['allowed', 'WRONG_KIND'];
    assert.deepEqual(codes, [
      [yes, no, no],
      [yes, no, no],
      [no, yes, no],
      [no, no, yes],
    ]);
  });
  for (const [what, code, request, of] of cases) {
    test(what, () => assert.equal(verdict(request, of), code));
  }

  test('that was revoked has what it began before finished, and nothing it began after', () => {
    const revoked = revokeGrant(trust, 'ada', NOW + 10);

    assert.equal(verdict({ begunAt: NOW + 9, now: NOW + DAY }, revoked), 'allowed');
    assert.equal(verdict({ begunAt: NOW + 10, now: NOW + DAY }, revoked), 'KEY_REVOKED');
  });
});

test('no request of a key that is revoked, unknown or out of time is ever allowed', () => {
  const revoked = revokeGrant(trust, 'ada', NOW + 1);
  const request = fc.record({
    key: fc.constantFrom(ada, other, root),
    task: fc.constantFrom('apt.install', 'system.ping', null),
    host: fc.constantFrom(web1, db7, mail1),
    now: fc.integer({ min: 0, max: NO_END }),
  });
  fc.assert(
    fc.property(request, (each) => checkAuthority(revoked, { ...each, as: 'operator', begunAt: null }) !== null),
    { numRuns: 2000 },
  );
});

describe('the trust file', () => {
  test('keeps the names and keys it has', () => {
    const twice = { ...grant, notBefore: 0, notAfter: NO_END };

    assert.throws(() => addGrant(trust, { ...twice, key: other }, NOW), { code: 'KEY_EXISTS' });
    assert.throws(() => addGrant(trust, { ...twice, name: 'bob' }, NOW), { code: 'KEY_EXISTS' });
    assert.throws(() => revokeGrant(revokeGrant(trust, 'ada', NOW), 'ada', NOW), { code: 'KEY_REVOKED' });
    assert.throws(() => revokeGrant(trust, 'eve', NOW), { code: 'UNKNOWN_KEY' });
  });

  test('never goes back in version or time', () => {
    const changed = revokeGrant(trust, 'ada', trust.issuedAt - DAY);

    assert.deepEqual([changed.version, changed.issuedAt], [trust.version + 1, trust.issuedAt]);
  });
});
