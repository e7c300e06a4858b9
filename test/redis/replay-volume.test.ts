import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { jobIdFor } from '../../src/core/ids.ts';
import { queueNameOf, type Destination } from '../../src/core/run.ts';
import { prefixFor } from '../../src/queue/names.ts';
import { signOrder } from '../../src/trust/sign-order.ts';
import { host, newRunId } from '../support/broker-data.ts';
import { endOf, newOrder, submit, toAnyWeb, toWeb1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene, type Scene } from '../support/scene.ts';

forbidLeaks();

/** `CELEROOT_FUZZ=50` makes ten thousand of each. */
const VOLUME = 200 * Number(process.env['CELEROOT_FUZZ'] ?? 1);
/** Of one argument of redis-cli, which may have 128 KiB. */
const BATCH = 50;

type Copy = { readonly id: string; readonly envelope: string };

/** What BullMQ writes for new jobs. */
const PUSH = `
for _, copy in ipairs(cjson.decode(ARGV[2])) do
  redis.call('HSET', ARGV[1] .. ':' .. copy.id, 'name', 'order', 'data', cjson.encode({ order = copy.envelope }),
    'opts', '{}', 'timestamp', '1', 'delay', '0', 'priority', '0')
  redis.call('LPUSH', ARGV[1] .. ':wait', copy.id)
end
return redis.call('ZADD', ARGV[1] .. ':marker', 0, '0')`;

/** Waiting jobs, and those in hand; an id whose job is gone, because it stood there twice, is neither. */
const LEFT = `
local left = redis.call('LLEN', ARGV[1] .. ':wait')
for _, id in ipairs(redis.call('LRANGE', ARGV[1] .. ':active', 0, -1)) do
  left = left + redis.call('EXISTS', ARGV[1] .. ':' .. id)
end
return left`;

/** Puts copies into a queue as somebody does who owns Redis, and waits until the worker is through with them. */
async function pushAndAwait({ redis }: Scene, to: Destination, copies: readonly Copy[]): Promise<void> {
  const queue = `${prefixFor(redis.settings.environment)}:${queueNameOf(to)}`;
  for (let start = 0; start < copies.length; start += BATCH) {
    await redis.command('EVAL', PUSH, '0', queue, JSON.stringify(copies.slice(start, start + BATCH)));
    await waitUntil(
      async () => (await redis.command('EVAL', LEFT, '0', queue)) === '0',
      `${queueNameOf(to)} to be empty`,
      120_000,
    );
  }
}

/** How often any worker of the scene has accepted something. */
function timesAccepted(logs: readonly (readonly string[])[]): number {
  return linesWith(logs, 'accepted');
}

function linesWith(logs: readonly (readonly string[])[], first: string): number {
  return logs.flat().filter((line) => line.startsWith(first)).length;
}

/** The same choices for the same seed, so that a failure can be repeated. */
function sample<T>(t: TestContext, arbitrary: fc.Arbitrary<T>, count: number): readonly T[] {
  const seed = Number(process.env['CELEROOT_SEED'] ?? Date.now() % 2 ** 31);
  t.diagnostic(`CELEROOT_SEED=${seed}`);
  return fc.sample(arbitrary, { seed, numRuns: count });
}

test('replays of orders that were carried out begin nothing: at once, restarted, without ledger, installed anew', async (t) => {
  await using scene = await setScene();
  const { controller, fleet } = scene;
  const logs = [scene.worker.lines];
  const orders = Array.from({ length: 20 }, (_, index) => newOrder({ to: index % 2 === 0 ? toWeb1 : toAnyWeb }));
  const envelopes: Copy[] = [];
  for (const order of orders) envelopes.push({ id: order.id, envelope: await submit(controller, order, fleet.key) });
  for (const order of orders) await endOf(controller, order);
  const share = Math.ceil(VOLUME / 4);
  const copies = fc
    .tuple(fc.constantFrom(...envelopes), fc.constantFrom('', '', 'x', '.again'))
    .map(([copy, end]): Copy => ({ ...copy, id: copy.id + end }));

  const replayed = async (): Promise<void> => {
    for (const to of [toWeb1, toAnyWeb]) await pushAndAwait(scene, to, sample(t, copies, Math.ceil(share / 2)));
  };
  await replayed();
  logs.push((await scene.replaceWorker()).lines);
  await replayed();
  for (const lost of [['seen', 'birth', 'jobs'], await readdir(scene.stateDir)]) {
    const next = await scene.replaceWorker(async () => {
      for (const path of lost) await rm(join(scene.stateDir, path), { recursive: true, force: true });
    });
    logs.push(next.lines);
    await replayed();
  }

  assert.equal(timesAccepted(logs), orders.length);
  assert.ok(linesWith(logs, 'refused') >= VOLUME / 2, 'they were not taken at all');
  const next = newOrder();
  await submit(controller, next, fleet.key);
  assert.equal((await endOf(controller, next)).kind, 'done', 'the worker still does what is new');
});

test('orders of other hosts and queues begin nothing, under whatever id they are put here', async (t) => {
  await using scene = await setScene();
  const { fleet, worker } = scene;
  const foreign = fc
    .record({
      to: fc.oneof(
        fc.nat(500).map((index): Destination => ({ kind: 'host', host: host(`host${index}`) })),
        fc.constantFrom<Destination>(toWeb1, toAnyWeb),
      ),
      here: fc.constantFrom(toWeb1, toAnyWeb),
      under: fc.constantFrom('own', 'mine', 'other'),
    })
    .filter(({ to, here }) => queueNameOf(to) !== queueNameOf(here));
  const pushed = sample(t, foreign, VOLUME).map(({ to, here, under }) => {
    const order = newOrder({ to, run: newRunId() });
    const ids = { own: order.id, mine: jobIdFor(order.run, toWeb1.kind === 'host' ? toWeb1.host : null), other: 'x' };
    return { here, copy: { id: ids[under], envelope: signOrder(order, fleet.key) } };
  });

  for (const here of [toWeb1, toAnyWeb]) {
    const copies = pushed.filter((each) => each.here === here).map(({ copy }) => copy);
    await pushAndAwait(scene, here, copies);
  }

  assert.equal(timesAccepted([worker.lines]), 0);
  const own = newOrder();
  await submit(scene.controller, own, fleet.key);
  assert.equal((await endOf(scene.controller, own)).kind, 'done');
});
