import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { programNameSchema } from './declared-programs.ts';

const names = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ab9-_./ \n\0A~$;*'.split('')) }),
  fc.string(),
  fc.constantFrom('..', '.', '', 'drain.sh', 'a/b', '../x', 'a\n', '-x', 'x-', 'drain', 'un_drain', 'a'.repeat(64)),
);

test('what is taken for the name of a program is one file of its folder, no option and no hidden file', () => {
  let taken = 0;
  fc.assert(
    fc.property(names, (name) => {
      if (!programNameSchema.safeParse(name).success) return;
      taken += 1;
      const path = posix.resolve('/folder', name);
      assert.deepEqual([posix.dirname(path), posix.basename(path)], ['/folder', name]);
      assert.match(name, /^[a-z0-9][a-z0-9_-]*$/);
      assert.doesNotMatch(name, /\s/);
    }),
    { numRuns: 2000 },
  );
  assert.ok(taken > 0, 'no name was taken');
});

for (const name of [
  '',
  '.',
  '..',
  '../drain',
  '/drain',
  'a/b',
  'drain.sh',
  '-drain',
  'drain-',
  'Drain',
  'a b',
  'a\n',
]) {
  test(`${JSON.stringify(name)} is no name of a program`, () => {
    assert.equal(programNameSchema.safeParse(name).success, false);
  });
}
