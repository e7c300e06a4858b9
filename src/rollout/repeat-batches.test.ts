import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostNameSchema } from '../core/names.ts';
import { repeatBatches } from './repeat-batches.ts';

const hosts = ['web2', 'web5', 'web6', 'web7'].map((name) => hostNameSchema.parse(name));
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
  const plan = repeatBatches(rollout, hosts);
  assert.deepEqual(plan.hosts, hosts);
  assert.deepEqual(plan.rollout, {
    ...rollout,
    batches: [rollout.batches[0], rollout.batches[1], { name: '2', size: 1, maxFailures: 1 }],
  });
});

test('batches that nobody is left for are left out', () => {
  assert.deepEqual(repeatBatches(rollout, hosts.slice(0, 2)).rollout.batches, [
    rollout.batches[0],
    { name: '1', size: 1, maxFailures: 0 },
  ]);
});
