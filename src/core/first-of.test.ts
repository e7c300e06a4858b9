import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOf } from './first-of.ts';

test('all names are named, or the first of many and how many more there are', () => {
  assert.equal(firstOf([], 2), '');
  assert.equal(firstOf(['a'], 2), 'a');
  assert.equal(firstOf(['a', 'b'], 2), 'a, b');
  assert.equal(firstOf(['a', 'b', 'c', 'd'], 2), 'a, b and 2 more');
});
