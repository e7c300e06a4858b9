import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { globMatches } from './glob.ts';

test('a glob matches what the same regular expression matches', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (glob, subject) => {
      const source = RegExp.escape(glob)
        .replaceAll(String.raw`\*`, '.*')
        .replaceAll(String.raw`\?`, '.');
      assert.equal(globMatches(glob, subject), new RegExp(`^${source}$`).test(subject), `${glob} ${subject}`);
    }),
  );
});

test('a pattern of many stars ends', () => {
  assert.equal(globMatches('*a'.repeat(30), 'a'.repeat(29)), false);
});
