import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysFor } from '../../src/queue/names.ts';
import { runScheduler } from '../../src/scheduler/run-scheduler.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';

forbidLeaks();

test('a scheduler that meets a bug ends, and leaves nothing at work that would keep its process alive', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    more: 'schedules:\n  hourly: { task: system.ping, target: { all: true }, every: 1h }\n',
  });
  await redis.command('HSET', keysFor(null).unsent, 'hourly@0', '0');
  const bug = (): never => assert.fail('a bug');
  const options = { owner: 'one', by: 'one', clock: Date, leaseMs: 1000, log: () => undefined, env: {} };

  const running = runScheduler(
    { ...options, file: folder.file, senderOf: bug, authorityOf: bug },
    new AbortController().signal,
  );

  await assert.rejects(running, { message: 'a bug' });
});
