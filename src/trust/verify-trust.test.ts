import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fleetNameSchema } from '../core/names.ts';
import { sealEnvelope } from './dsse.ts';
import { addGrant, firstTrust, NO_END, renewTrust, replaceRoot } from './change-trust.ts';
import { makeSigningKey, type SigningKey } from './key.ts';
import { signTrust, TRUST_TYPE, type Trust } from './trust-file.ts';
import { verifyTrust, type TrustExpected } from './verify-trust.ts';

const NOW = Date.UTC(2026, 10, 23);
const [root, second, operator, stranger] = [makeSigningKey(), makeSigningKey(), makeSigningKey(), makeSigningKey()];
const fleet = fleetNameSchema.parse('lab');
const first = firstTrust(fleet, { root: root.id, operator: operator.id }, NOW);
const next = renewTrust(first, NOW);
const expected: TrustExpected = { fleet, pinned: [root.id], known: null, now: NOW };

function verdict(trust: Trust, keys: readonly SigningKey[], expect: Partial<TrustExpected> = {}): string {
  const verified = verifyTrust(signTrust(trust, keys), { ...expected, ...expect });
  return verified.ok ? `version ${verified.trust.version}` : verified.code;
}

describe('a trust file', () => {
  test('that a pinned root signed is accepted as it is', () => {
    assert.deepEqual(verifyTrust(signTrust(first, [root]), expected), { ok: true, trust: first });
  });

  test('of a higher version takes the place of the known one', () => {
    assert.equal(verdict({ ...next, version: 7 }, [root], { known: first }), 'version 7');
  });

  test('of the oldest version that is taken is accepted', () => {
    assert.equal(verdict(next, [root], { least: 2 }), 'version 2');
  });

  test('that has expired is accepted, since it may still revoke', () => {
    assert.equal(verdict(first, [root], { now: first.expiresAt + 1 }), 'version 1');
  });

  const refusals: readonly (readonly [string, string, Trust, readonly SigningKey[], Partial<TrustExpected>?])[] = [
    ['that a stranger signed', 'UNKNOWN_KEY', first, [stranger]],
    [
      'that names a stranger as its root, signed by the stranger',
      'UNKNOWN_KEY',
      { ...first, roots: [stranger.id] },
      [stranger],
    ],
    ['that an operator signed', 'UNKNOWN_KEY', next, [operator], { known: first }],
    ['whose signature is forged beside a good one', 'BAD_SIGNATURE', first, [root, { ...stranger, id: second.id }]],
    ['of another fleet', 'WRONG_FLEET', { ...first, fleet: fleetNameSchema.parse('x') }, [root]],
    ['of the version that is known', 'REPLAYED', { ...next, version: 1 }, [root], { known: first }],
    ['of an older version', 'REPLAYED', first, [root], { known: next }],
    ['older than the oldest that is taken', 'REPLAYED', first, [root], { least: 2 }],
    ['from the future', 'CLOCK_SKEW', { ...first, issuedAt: NOW + 121_000 }, [root]],
    ['that expires before it was signed', 'MALFORMED', { ...first, expiresAt: NOW }, [root]],
    ['that wants more signatures than it has roots', 'MALFORMED', { ...first, threshold: 2 }, [root]],
  ];
  for (const [what, code, trust, keys, expect] of refusals) {
    test(`${what} is refused`, () => assert.equal(verdict(trust, keys, expect), code));
  }

  for (const payload of ['{}', 'null', JSON.stringify({ ...first, more: 1 })]) {
    test(`that says ${payload.slice(0, 20)} is refused`, () => {
      const verified = verifyTrust(sealEnvelope(TRUST_TYPE, payload, root), expected);

      assert.equal(verified.ok ? 'accepted' : verified.code, 'MALFORMED');
    });
  }

  test('of the type of an order is refused', () => {
    const envelope = sealEnvelope('application/vnd.celeroot.order+json;v=1', JSON.stringify(first), root);
    const verified = verifyTrust(envelope, expected);

    assert.equal(verified.ok ? 'accepted' : verified.code, 'MALFORMED');
  });
});

describe('a root key', () => {
  const replaced = replaceRoot(first, { old: root.id, key: second.id, now: NOW });

  test('is replaced by a version that the old and the new one signed', () => {
    assert.equal(verdict(replaced, [root, second], { known: first }), 'version 2');
  });
  test('is not replaced by a version without the new one’s signature', () => {
    assert.equal(verdict(replaced, [root], { known: first }), 'UNKNOWN_KEY');
  });
  test('is not replaced by a version without the old one’s signature', () => {
    assert.equal(verdict(replaced, [second], { known: first }), 'UNKNOWN_KEY');
  });
  test('that was replaced signs nothing any more', () => {
    assert.equal(verdict(renewTrust(replaced, NOW), [root], { known: replaced }), 'UNKNOWN_KEY');
  });
  test('alone does not do where two are wanted', () => {
    const two = { ...first, roots: [root.id, second.id], threshold: 2 };

    assert.equal(verdict(renewTrust(two, NOW), [root], { known: two }), 'UNKNOWN_KEY');
    assert.equal(verdict(renewTrust(two, NOW), [root, root], { known: two }), 'UNKNOWN_KEY');
    assert.equal(verdict(renewTrust(two, NOW), [second, root], { known: two }), 'version 2');
  });
});

test('a grant that was added is in the next version', () => {
  const grant = { name: 'ada', key: stranger.id, tasks: ['apt.*'], hosts: ['@web'], notBefore: 0, notAfter: NO_END };

  const added = addGrant(first, { ...grant, revokedAt: null }, NOW);

  assert.equal(verdict(added, [root], { known: first }), 'version 2');
  assert.deepEqual(
    added.grants.map(({ name }) => name),
    ['operator', 'ada'],
  );
});
