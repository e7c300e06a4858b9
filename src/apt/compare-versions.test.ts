import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareVersions } from './compare-versions.ts';

const version = fc
  .tuple(
    fc.constantFrom('', '0:', '1:', '10:'),
    fc.string({ unit: fc.constantFrom(...'019abAZ.+~'.split('')), minLength: 1, maxLength: 8 }),
    fc.constantFrom('', '-1', '-0', '-1~deb12u1', '-1+b1', '-0ubuntu1.2'),
  )
  .map((parts) => parts.join(''));

test('versions are ordered as Debian Policy 5.6.12 says', () => {
  const ascending = [
    ['1.0~~', '1.0~~a', '1.0~', '1.0', '1.0a', '1.0+b1', '1.0.1'],
    ['1.9', '1.10', '1.100'],
    ['99.9', '1:0.1', '2:0.0.1'],
    ['1.0-1~bpo12+1', '1.0-1', '1.0-1+b1', '1.0-1+deb12u1', '1.0-1.1', '1.0-2', '1.0-10'],
    ['1.2a', '1.2b', '1.2+'],
    ['2.0-1-1', '2.0-1-2', '2.0-2-1'],
  ];
  for (const chain of ascending) {
    for (const [index, low] of chain.entries()) {
      for (const high of chain.slice(index + 1)) assert.ok(compareVersions(low, high) < 0, `${low} < ${high}`);
    }
  }
});

test('different spellings of one version are equal, however long its numbers', () => {
  for (const [a, b] of [
    ['1.0', '0:1.0'],
    ['1.0', '1.00'],
    ['1.0', '1.0-'],
    ['1.0-0', '1.0'],
    ['1.9007199254740993', '1.09007199254740993'],
  ] as const) {
    assert.equal(compareVersions(a, b), 0, `${a} = ${b}`);
  }
  assert.ok(compareVersions('1.9007199254740992', '1.9007199254740993') < 0);
});

test('the order is a total one', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(compareVersions(a, a), 0);
      assert.equal(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a)), 0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) assert.ok(compareVersions(a, c) <= 0);
    }),
    { numRuns: 2000 },
  );
});
