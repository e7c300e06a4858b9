import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { keysFor } from '../../src/queue/names.ts';
import { endOf, eventsOf, newOrder, submit, toAnyWeb, toWeb1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene, type Scene } from '../support/scene.ts';
import type { TestWorker } from '../support/worker.ts';
import { refusalsIn } from '../support/spoken.ts';

forbidLeaks();

const HOUR_MS = 3_600_000;

async function codes({ controller }: Scene): Promise<readonly string[]> {
  return (await refusalsIn(controller, ['web1'])).map(({ code }) => code);
}

/** What BullMQ would have written for this job, with any id and any data, by plain Redis commands. */
async function pushByHand({ redis }: Scene, job: string, data: string): Promise<void> {
  const keys = keysFor(redis.settings.environment);
  const fields = ['name', 'order', 'data', data, 'opts', '{}', 'timestamp', '1', 'delay', '0', 'priority', '0'];
  await redis.command('HSET', keys.queue(toWeb1, job), ...fields);
  await redis.command('LPUSH', keys.queue(toWeb1, 'wait'), job);
  await redis.command('ZADD', keys.queue(toWeb1, 'marker'), '0', '0');
}

function timesAccepted(worker: TestWorker): number {
  return worker.lines.filter((line) => line.startsWith('accepted')).length;
}

describe('an order that was carried out', () => {
  for (const to of [toWeb1, toAnyWeb]) {
    test(`is not carried out again when it comes again (${to.kind})`, async () => {
      await using scene = await setScene();
      const { controller, fleet, worker } = scene;
      const order = newOrder({ to });
      const envelope = await submit(controller, order, fleet.key);
      await endOf(controller, order);
      await worker.says(/^ended/);

      await waitUntil(async () => {
        await controller.release([{ job: order.id, to, envelope }]);
        return (await codes(scene)).includes('REPLAYED');
      }, 'a refusal');

      assert.equal(timesAccepted(worker), 1);
      const kinds = (await eventsOf(controller, order)).map(({ kind }) => kind);
      assert.deepEqual(kinds, ['accepted', 'done']);
    });
  }

  test('is known to the next worker too', async () => {
    await using scene = await setScene();
    const { controller, fleet, worker } = scene;
    const order = newOrder();
    const envelope = await submit(controller, order, fleet.key);
    await endOf(controller, order);
    worker.requestStop();
    await worker.ended;

    const next = await scene.restartWorker();
    await controller.release([{ job: order.id, to: toWeb1, envelope }]);
    await waitUntil(async () => (await codes(scene)).includes('REPLAYED'), 'a refusal');

    assert.equal(timesAccepted(next), 0);
  });
});

test('an order that was refused is not carried out when the reason is gone', async () => {
  let behindMs = 100_000; // Less than the trust file may be ahead, which is of now.
  await using scene = await setScene({ clock: { now: () => Date.now() - behindMs } });
  const { controller, fleet, worker } = scene;
  const order = newOrder({ issuedAt: Date.now() + 40_000 });
  const envelope = await submit(controller, order, fleet.key);
  assert.equal((await endOf(controller, order)).kind, 'refused');
  await waitUntil(async () => (await readFile(join(scene.stateDir, 'seen'), 'utf8')).includes(order.id), 'its line');

  behindMs = 0;
  await waitUntil(async () => {
    await controller.release([{ job: order.id, to: toWeb1, envelope }]);
    return (await codes(scene)).includes('REPLAYED');
  }, 'a refusal');

  assert.equal(timesAccepted(worker), 0);
});

test('a host whose clock was set back refuses what it could not tell from expired orders', async () => {
  let aheadMs = -60_000; // The ledger is a minute old.
  await using scene = await setScene({ clock: { now: () => Date.now() + aheadMs } });
  const { controller, fleet } = scene;
  const first = newOrder();
  aheadMs = 0;
  await submit(controller, first, fleet.key);
  assert.equal((await endOf(controller, first)).kind, 'done');
  await waitUntil(async () => (await readFile(join(scene.stateDir, 'seen'), 'utf8')).includes(first.id), 'its line');

  aheadMs = -130_000;
  const second = newOrder({ issuedAt: Date.now() - 20_000 });
  await submit(controller, second, fleet.key);
  const end = await endOf(controller, second);

  assert.ok(
    end.kind === 'refused' && end.code === 'CLOCK_SKEW' && /seen before/.test(end.message),
    JSON.stringify(end),
  );
});

describe('a job pushed into the queue by hand is refused, and the worker goes on, when its', () => {
  const cases: readonly (readonly [what: string, job: string, data: string])[] = [
    ['data is no JSON', 'by-hand', '{'],
    ['data is JSON of another kind', 'by-hand', '[1,2,3]'],
    ['data has no order', 'by-hand', '{"task":"apt.install","args":{"packages":["backdoor"]}}'],
    ['order is no text', 'by-hand', '{"order":{"task":"apt.install"}}'],
    ['id leads out of the ledger', '../../../../etc/cron.d/x', '{"order":"x"}'],
    ['id is no text a terminal should see', '\u001B[2J\nrefused', '{"order":"x"}'],
  ];
  for (const [what, job, data] of cases) {
    test(what, async () => {
      await using scene = await setScene();

      await pushByHand(scene, job, data);
      await waitUntil(async () => (await codes(scene)).length > 0, 'a refusal');
      const order = newOrder();
      await submit(scene.controller, order, scene.fleet.key);

      assert.equal((await endOf(scene.controller, order)).kind, 'done');
      assert.deepEqual(await codes(scene), ['MALFORMED']);
      assert.equal(timesAccepted(scene.worker), 1);
      assert.ok(scene.worker.lines.every((line) => !/\p{Cc}/u.test(line)));
    });
  }
});

test('an altered copy of an order under its own id does not spoil what its run is told', async () => {
  await using scene = await setScene();
  const { controller, fleet, worker } = scene;
  const order = newOrder({ expiresAt: Date.now() + HOUR_MS });
  worker.requestStop();
  await worker.ended;
  const envelope = await submit(controller, order, fleet.key);
  await pushByHand(scene, 'copy', JSON.stringify({ order: envelope }));

  await scene.restartWorker();
  const end = await endOf(controller, order);
  await waitUntil(async () => (await codes(scene)).length > 0, 'a refusal');

  assert.equal(end.kind, 'done');
  assert.deepEqual(await codes(scene), ['WRONG_QUEUE']);
  assert.deepEqual(
    (await eventsOf(controller, order)).map(({ kind }) => kind),
    ['accepted', 'done'],
  );
});
