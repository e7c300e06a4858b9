import { test } from 'node:test';
import { exerciseBroker } from '../support/exercise-broker.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';
import { startCluster, startSentinelGroup } from '../support/redis-groups.ts';

forbidLeaks();

test('both sides work over TCP', async () => {
  await using redis = await startRedis();

  await exerciseBroker(redis.settings, redis.settings);
});

test('both sides work over a unix socket', async () => {
  await using redis = await startRedis();
  const settings = { ...redis.settings, endpoint: { kind: 'socket', path: redis.socket } } as const;

  await exerciseBroker(settings, settings);
});

test('both sides work with Sentinel', async () => {
  await using group = await startSentinelGroup();

  await exerciseBroker(group.settings, group.settings);
});

test('both sides work with a Cluster of three masters', async () => {
  await using cluster = await startCluster();

  await exerciseBroker(cluster.settings, cluster.settings);
});
