import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { prefixFor } from '../../src/queue/names.ts';
import { exerciseBroker } from '../support/exercise-broker.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { freePort, startRedis, withPassword } from '../support/redis.ts';
import { startCluster, startSentinelGroup } from '../support/redis-groups.ts';
import { makeCertificates } from '../support/redis-tls.ts';

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

test('both sides work over TLS as ACL users, the worker limited to its host’s keys', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-tls-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const { ca, serverArguments } = await makeCertificates(folder);
  const port = await freePort();
  const redis = stack.use(await startRedis({ port, args: serverArguments(port) }));
  const settings = { ...redis.settings, tls: { ca } };
  const prefix = prefixFor(settings.environment);
  await redis.command(
    'ACL',
    'SETUSER',
    'controller',
    'on',
    '>secret-c',
    `~${prefix}:*`,
    '+@all',
    '-@dangerous',
    '+info',
  );
  const keys = ['host.web1', 'role.webserver', 'run', 'presence:web1', 'facts:web1', 'refusals'].flatMap((name) => [
    `~${prefix}:${name}`,
    `~${prefix}:${name}:*`,
  ]);
  const rights =
    '-@all +@read +@write +@connection +@blocking +@transaction +eval +evalsha -@dangerous -scan -randomkey';
  await redis.command('ACL', 'SETUSER', 'web1', 'on', '>secret-w', ...keys, ...rights.split(' '), '+info', '+time');

  await exerciseBroker(withPassword(settings, 'controller', 'secret-c'), withPassword(settings, 'web1', 'secret-w'));
});

test('both sides work with Sentinel', async () => {
  await using group = await startSentinelGroup();

  await exerciseBroker(group.settings, group.settings);
});

test('both sides work with a Cluster of three masters', async () => {
  await using cluster = await startCluster();

  await exerciseBroker(cluster.settings, cluster.settings);
});
