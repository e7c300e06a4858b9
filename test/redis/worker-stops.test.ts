import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOf, eventsOf, newOrder, submit, toAnyWeb } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setProcessScene } from '../support/process-scene.ts';
import { waitUntil } from '../support/redis.ts';
import type { SpawnedWorker } from '../support/spawn-worker.ts';

forbidLeaks();

/** One that never ends fails the test. */
async function exitOf({ exit, lines }: SpawnedWorker): Promise<Awaited<SpawnedWorker['exit']>> {
  let ended: Awaited<SpawnedWorker['exit']> | undefined;
  void exit.then((how) => (ended = how));
  await waitUntil(() => ended !== undefined, `the worker to end after\n${lines.join('\n')}`);
  return ended ?? assert.fail();
}

test('a worker that is told to stop as it takes a job ends, and the job is done once', async () => {
  await using scene = await setProcessScene();
  const { controller, fleet, spawn } = scene;
  // Its ledger has to be older than the orders.
  await using first = spawn();
  await first.says(/^ready/);
  first.signal('SIGTERM');
  await exitOf(first);
  const orders = [];
  for (let times = 0; times < 6; times += 1) {
    const order = newOrder(times % 2 === 0 ? {} : { to: toAnyWeb });
    orders.push(order);
    await submit(controller, order, fleet.key);
    await using worker = spawn();
    await worker.says(/^ready/);

    worker.signal('SIGTERM');

    assert.deepEqual(await exitOf(worker), { code: 0, stderr: '' });
  }
  await using last = spawn();
  await last.says(/^ready/);
  for (const order of orders) {
    assert.equal((await endOf(controller, order)).kind, 'done');
    assert.equal((await eventsOf(controller, order)).filter(({ kind }) => kind === 'done').length, 1);
  }
});

test('a worker that is told to stop at once ends although a job of its own waits for another', async () => {
  await using scene = await setProcessScene();
  const { apt, controller, fleet, spawn } = scene;
  await using worker = spawn();
  await worker.says(/^ready/);
  const install = newOrder({ task: 'apt.install', args: { packages: ['celeroot-test-slow'] } });
  await submit(controller, install, fleet.key);
  await apt.begun();
  const take = newOrder({ task: 'keys.rotate', args: { take: 'ed25519:none' } });
  await submit(controller, take, fleet.key);
  await worker.says(new RegExp(`^accepted ${take.id}`));

  worker.signal('SIGTERM');
  await worker.says(/^stopping/);
  worker.signal('SIGTERM');

  assert.deepEqual(await exitOf(worker), { code: 0, stderr: '' });
  await using next = spawn();
  await apt.letGo();
  for (const order of [install, take]) assert.equal((await endOf(controller, order)).kind, 'done');
  await next.says(/^ended/);
});
