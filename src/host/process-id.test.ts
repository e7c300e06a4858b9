import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifyProcess, isAlive, parentIn, startTimeIn } from './process-id.ts';

const rest = 'S 1 900 900 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 0 0';

test('the start time is found whatever the process calls itself', () => {
  assert.equal(startTimeIn(`900 (sh) ${rest}`), '123456');
  assert.equal(startTimeIn(`900 (a) R 1 (b) ${rest}`), '123456');
});

test('the parent is found whatever the process calls itself', () => {
  assert.equal(parentIn(`900 (sh) ${rest}`), 1);
  assert.equal(parentIn(`900 (a) R 7 (b) ${rest}`), 1);
  assert.equal(parentIn(''), 0);
});

test('a zombie counts as gone, once it has no other thread', () => {
  const zombie = rest.replace('S', 'Z');

  assert.equal(startTimeIn(`900 (sh) ${zombie}`), null);
  assert.equal(startTimeIn(`900 (redis-server) ${zombie.replace(' 20 0 1 ', ' 20 0 4 ')}`), '123456');
});

test('this process is alive, and one with its number from another boot is not', () => {
  const self = identifyProcess(process.pid);

  assert.ok(self !== null && isAlive(self));
  assert.equal(isAlive({ ...self, bootId: 'another' }), false);
  assert.equal(isAlive({ ...self, startTime: '1' }), false);
});
