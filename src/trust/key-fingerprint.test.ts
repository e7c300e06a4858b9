import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFingerprintOf, keyFingerprint, looksLikeFingerprint, rootsDigest } from './key-fingerprint.ts';
import { makeSigningKey } from './key.ts';

test('a fingerprint is six groups of four, which may be typed in other ways', () => {
  const { id } = makeSigningKey();
  const fingerprint = keyFingerprint(id);

  assert.match(fingerprint, /^(?:[0-9a-f]{4}-){5}[0-9a-f]{4}$/);
  const typed = [fingerprint, fingerprint.toUpperCase(), fingerprint.replaceAll('-', ''), ` ${fingerprint}\n`];
  for (const each of [...typed, fingerprint.replaceAll('-', ' ')]) {
    assert.ok(isFingerprintOf(each, id), each);
    assert.ok(looksLikeFingerprint(each), each);
  }
});

test('nothing else is the fingerprint of a key: not another key’s, a part of it, or nothing', () => {
  const { id } = makeSigningKey();
  const fingerprint = keyFingerprint(id);
  for (const each of ['', '-', fingerprint.slice(0, -1), `${fingerprint}0`, keyFingerprint(makeSigningKey().id), id]) {
    assert.ok(!isFingerprintOf(each, id), each);
  }
  fc.assert(fc.property(fc.string(), (text) => !isFingerprintOf(text, id)));
  for (const each of ['', 'yes', fingerprint.slice(1), `x${fingerprint.slice(1)}`])
    assert.ok(!looksLikeFingerprint(each));
});

test('the digest of root keys does not depend on their order, and on nothing else less than on all', () => {
  const [a, b, c] = [makeSigningKey().id, makeSigningKey().id, makeSigningKey().id];
  assert.equal(rootsDigest([a, b]), rootsDigest([b, a]));
  const others = [[a], [b], [a, b, c], [a, c], []];
  for (const each of others) assert.notEqual(rootsDigest(each), rootsDigest([a, b]));
});
