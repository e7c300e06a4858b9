import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openControllerBroker } from '../../src/queue/open.ts';
import { endOf, makeFleet, newOrder, submit, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil } from '../support/redis.ts';
import { newStateDir } from '../support/worker.ts';
import { spawnWorker, writeWorkerFile } from '../support/spawn-worker.ts';

forbidLeaks();

describe('celeroot worker', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`does jobs until ${signal}, then ends well and is shown offline`, async () => {
      await using redis = await startRedis();
      await using controller = await openControllerBroker(redis.settings);
      await using state = await newStateDir();
      const fleet = makeFleet();
      await fleet.publish(controller);
      const file = await writeWorkerFile(state.path, fleet.configFor(redis.settings));
      await using worker = spawnWorker(file, state.path);
      await worker.says(/^ready: serves host\.web1, role\.web$/);
      const order = newOrder();
      await submit(controller, order, fleet.key);
      assert.equal((await endOf(controller, order)).kind, 'done');
      await waitUntil(async () => (await controller.presences([web1])).has(web1), 'presence');

      worker.signal(signal);

      assert.deepEqual(await worker.exit, { code: 0, stderr: '' });
      assert.equal((await controller.presences([web1])).has(web1), false);
    });
  }

  test('waits for a Redis that is not there yet, and can be stopped while it waits', async () => {
    await using redis = await startRedis();
    await redis.stop();
    await using state = await newStateDir();
    const file = await writeWorkerFile(state.path, makeFleet().configFor(redis.settings));
    await using waiting = spawnWorker(file, state.path);
    await waiting.says(/waiting for it/);
    waiting.signal('SIGTERM');
    assert.deepEqual(await waiting.exit, { code: 0, stderr: '' });

    await using worker = spawnWorker(file, state.path);
    await worker.says(/waiting for it/);
    await redis.start();

    await worker.says(/^ready/);
  });

  test('refuses to be the second one of a state folder, naming the first', async () => {
    await using redis = await startRedis();
    await using state = await newStateDir();
    const file = await writeWorkerFile(state.path, makeFleet().configFor(redis.settings));
    await using first = spawnWorker(file, state.path);
    await first.says(/^ready/);

    await using second = spawnWorker(file, state.path);
    const { code, stderr } = await second.exit;

    assert.equal(code, 5);
    assert.match(stderr, /^error\[WORKER_RUNS\]: another worker \(process (\d+)\) already runs with the state folder /);
    assert.ok(stderr.includes(`(process ${first.pid})`));
  });

  test('is not started by a dead worker’s lock being there', async () => {
    await using redis = await startRedis();
    await using state = await newStateDir();
    const file = await writeWorkerFile(state.path, makeFleet().configFor(redis.settings));
    await using killed = spawnWorker(file, state.path);
    await killed.says(/^ready/);
    killed.signal('SIGKILL');
    await killed.exit;

    await using next = spawnWorker(file, state.path);

    await next.says(/^ready/);
  });

  const bad: readonly (readonly [what: string, text: string, code: number, error: RegExp])[] = [
    ['no worker file', 'version: 1\nfleet: test\n', 3, /^error\[CONFIG_INVALID\]/],
    ['no YAML', '\tversion: 1\n', 3, /^error\[CONFIG_INVALID\]/],
  ];
  for (const [what, text, code, error] of bad) {
    test(`given ${what} says so in one error`, async () => {
      await using state = await newStateDir();
      const file = join(state.path, 'worker.yaml');
      await writeFile(file, text);

      await using worker = spawnWorker(file, state.path);
      const ended = await worker.exit;

      assert.match(ended.stderr, error);
      assert.equal(ended.code, code);
      assert.doesNotMatch(ended.stderr, /\n {4}at /);
    });
  }
});
