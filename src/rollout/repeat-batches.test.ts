import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostNameSchema } from '../core/names.ts';
import { repeatBatches } from './repeat-batches.ts';

const all = Array.from({ length: 8 }, (_, index) => hostNameSchema.parse(`web${index + 1}`));
const failed = all.filter((_, index) => [1, 4, 5, 6].includes(index));
const rollout = {
  batches: [
    { name: 'canary', size: 1, maxFailures: 1 },
    { name: '1', size: 2, maxFailures: 0 },
    { name: '2', size: 5, maxFailures: 2 },
  ],
  maxFailures: 2,
  maxUnreachable: 8,
  soakMs: 1000,
  limits: { loadPerCore: 2, diskFreePercent: null },
};

test('what is repeated begins with as many hosts as before, and keeps its limits', () => {
  const plan = repeatBatches({ hosts: all, rollout }, failed);
  assert.deepEqual(plan.hosts, failed);
  assert.deepEqual(plan.rollout, {
    ...rollout,
    batches: [rollout.batches[0], rollout.batches[1], { name: '2', size: 1, maxFailures: 1 }],
  });
});

test('batches that nobody is left for are left out', () => {
  assert.deepEqual(repeatBatches({ hosts: all, rollout }, failed.slice(0, 2)).rollout.batches, [
    rollout.batches[0],
    { name: '1', size: 1, maxFailures: 0 },
  ]);
});

test('hosts of two groups stay apart', () => {
  const batches = [
    { name: 'canary', group: 'zone=a', size: 1, maxFailures: 0 },
    { name: 'zone=a', group: 'zone=a', size: 3, maxFailures: 0 },
    { name: 'zone=b', group: 'zone=b', size: 4, maxFailures: 0 },
  ];
  const plan = repeatBatches({ hosts: all, rollout: { ...rollout, batches } }, failed);
  assert.deepEqual(plan.hosts, failed);
  assert.deepEqual(
    plan.rollout.batches.map(({ name, size }) => `${name}:${size}`),
    ['canary:1', 'zone=b:3'],
  );
});
