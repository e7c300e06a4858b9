import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { madeAt, makeRunId } from './ids.ts';

test('a run id says when it was made', () => {
  const bytes = fc.uint8Array({ minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(fc.nat(2 ** 48 - 1), bytes, (at, random) => {
      assert.equal(madeAt(makeRunId(at, random)), at);
    }),
  );
});
