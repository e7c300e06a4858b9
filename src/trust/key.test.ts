import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { formatPrivateKey, formatPublicKey, makeSigningKey, parsePrivateKey, parsePublicKey } from './key.ts';

describe('a public key', () => {
  const key = makeSigningKey();

  test('is written as ed25519: and 44 characters of base64', () => {
    assert.match(key.id, /^ed25519:[A-Za-z0-9+/]{43}=$/);
  });

  test('is read back from its text', () => {
    const read = parsePublicKey(key.id);

    assert.ok(read !== null);
    assert.equal(formatPublicKey(read), key.id);
    assert.ok(read.equals(createPublicKey(key.privateKey)));
  });

  const strayBit = key.id.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`);
  for (const text of [
    '',
    'ed25519:',
    key.id.slice(8),
    `${key.id}=`,
    `${key.id}\n`,
    strayBit,
    `rsa:${key.id.slice(8)}`,
  ]) {
    test(`is not read from ${JSON.stringify(text)}`, () => assert.equal(parsePublicKey(text), null));
  }
});

describe('a private key', () => {
  test('is read back from its PEM with the same public key', () => {
    const key = makeSigningKey();

    assert.equal(parsePrivateKey(formatPrivateKey(key))?.id, key.id);
  });

  test('of another kind is not read', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

    assert.equal(parsePrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()), null);
  });

  test('that is a public key is not read', () => {
    const { publicKey } = generateKeyPairSync('ed25519');

    assert.equal(parsePrivateKey(publicKey.export({ type: 'spki', format: 'pem' }).toString()), null);
  });

  test('that is garbage is not read', () => assert.equal(parsePrivateKey('not a key'), null));
});
