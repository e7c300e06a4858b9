import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { Secret } from '../core/secret.ts';
import { joinSealOf } from './join-seal.ts';
import type { JoinToken } from './join-token.ts';

const token: JoinToken = {
  fleet: fleetNameSchema.parse('test'),
  host: hostNameSchema.parse('web1'),
  broker: { url: 'redis://h:1/0' },
  roots: 'a'.repeat(64),
  expiresAt: 1000,
  secret: new Secret('s'.repeat(43)),
};
const seal = joinSealOf(token);
const sealed = seal.seal({ kind: 'offer', text: 'my key' });

test('both sides make the same of a token, and nobody else does', () => {
  assert.deepEqual(joinSealOf({ ...token }).open(sealed), { kind: 'offer', text: 'my key' });
  const others: readonly JoinToken[] = [
    { ...token, host: hostNameSchema.parse('web2') },
    { ...token, fleet: fleetNameSchema.parse('other') },
    { ...token, roots: 'b'.repeat(64) },
    { ...token, expiresAt: 1001 },
    { ...token, secret: new Secret(`t${'s'.repeat(42)}`) },
  ];
  for (const other of others.map(joinSealOf)) {
    assert.equal(other.open(sealed), null);
    assert.notEqual(other.id, seal.id);
    assert.notEqual(other.password.reveal(), seal.password.reveal());
  }
});

test('a word stands for no other, and cannot be changed', () => {
  const as = (change: object): string => JSON.stringify({ ...JSON.parse(sealed), ...change });
  const mac: unknown = JSON.parse(sealed).mac;
  const wrong = [
    as({ kind: 'acceptance' }),
    as({ kind: 'receipt' }),
    as({ kind: 'something' }),
    as({ text: 'my kez' }),
    as({ more: 1 }),
    as({ mac: '' }),
    as({ mac: String(mac).slice(0, -4) }),
    as({ mac: Buffer.alloc(32).toString('base64') }),
    '',
    'null',
    `${sealed}${' '.repeat(300_000)}`,
  ];
  for (const each of wrong) assert.equal(seal.open(each), null, each.slice(0, 200));
});

test('neither secret nor password is in what is sent, nor the secret in the password', () => {
  const secret = token.secret.reveal();
  assert.ok(!sealed.includes(secret) && !sealed.includes(seal.password.reveal()));
  assert.notEqual(seal.password.reveal(), secret);
  assert.match(seal.id, /^[0-9a-f]{16}$/);
});

test('whatever text is sealed comes back, and whatever else comes is nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(seal.open(seal.seal({ kind: 'acceptance', text }))?.text, text);
    }),
  );
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => seal.open(text) === null));
});
