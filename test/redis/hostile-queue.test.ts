import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import type { Destination } from '../../src/core/run.ts';
import type { Delivery } from '../../src/queue/broker.ts';
import { keysFor, prefixFor } from '../../src/queue/names.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { attempt } from '../support/attempt-attack.ts';
import { host, newRun, queue, releasesOf } from '../support/broker-data.ts';
import { enrol, startGuardedRedis } from '../support/guarded-redis.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil, withPassword } from '../support/redis.ts';

forbidLeaks();

const web1 = host('web1');
const toWeb1: Destination = { kind: 'host', host: web1 };
const web = queue('web');

test('jobs pushed by hand are handed over as they are, and good ones after them too', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);
  const push = async (id: string, ...fields: string[]): Promise<void> => {
    if (fields.length > 0) await redis.command('HSET', keys.queue(toWeb1, id), ...fields);
    await redis.command('LPUSH', keys.queue(toWeb1, 'wait'), id);
  };
  await push('7', 'name', 'order', 'data', '{"order":"forged"}', 'opts', '{}');
  await push('no-order', 'name', 'x', 'data', '{"order":["a"]}', 'opts', '{}');
  await push('no-json', 'name', 'x', 'data', 'rm -rf /', 'opts', '{}');
  await push('null', 'name', 'x', 'data', 'null', 'opts', '{}');
  await push('../../etc', 'data', '{}');
  await push('no-hash');
  const run = newRun([web1]);
  await controller.release(releasesOf(run));

  const taken: Delivery[] = [];
  const consumer = worker.consume(toWeb1, 1, async (delivery) => void taken.push(delivery));
  await waitUntil(() => taken.length === 7, 'all seven');
  await consumer.drain();

  const [order] = releasesOf(run);
  assert.deepEqual(
    taken.map(({ job, envelope }) => [job, envelope]),
    [
      ['7', 'forged'],
      ['no-order', ''],
      ['no-json', ''],
      ['null', ''],
      ['../../etc', ''],
      ['no-hash', ''],
      [order?.job, order?.envelope],
    ],
  );
  assert.deepEqual(await redis.command('LRANGE', keys.queue(toWeb1, 'active'), '0', '-1'), '');
});

test('a job whose options are rubbish does not keep the worker from the next', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const lines: string[] = [];
  await using worker = await openWorkerBroker(redis.settings, { log: (line) => lines.push(line) });
  const keys = keysFor(redis.settings.environment);
  await redis.command('HSET', keys.queue(toWeb1, 'bad'), 'name', 'x', 'data', '{}', 'opts', '{{{');
  await redis.command('LPUSH', keys.queue(toWeb1, 'wait'), 'bad');
  const run = newRun([web1]);
  await controller.release(releasesOf(run));

  const taken: string[] = [];
  const consumer = worker.consume(toWeb1, 1, async ({ job }) => void taken.push(job));
  await waitUntil(() => taken.length === 1, 'the good one');
  await consumer.drain();

  assert.deepEqual(
    taken,
    run.jobs.map(({ id }) => id),
  );
});

test('a job that its handler throws on is said in the log, kept as failed, and the next is taken', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const lines: string[] = [];
  await using worker = await openWorkerBroker(redis.settings, { log: (line) => lines.push(line) });
  const [bad, good] = [newRun([web1]), newRun([web1])];
  await controller.release([...releasesOf(bad), ...releasesOf(good)]);

  const taken: string[] = [];
  const consumer = worker.consume(toWeb1, 1, async ({ job }) => {
    taken.push(job);
    if (taken.length === 1) throw new Error('a bug');
  });
  await waitUntil(() => taken.length === 2, 'both');
  await consumer.drain();

  assert.match(lines.join('\n'), new RegExp(`host\\.web1: job ${bad.id}\\.web1: a bug`));
  const keys = keysFor(redis.settings.environment);
  assert.equal(await redis.command('ZRANGE', keys.queue(toWeb1, 'failed'), '0', '-1'), bad.jobs[0]?.id);
});

test('a worker whose rights are taken away asks seldom, and goes on when it has them again', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await redis.command('ACL', 'SETUSER', 'web1', 'on', '>secret', '~*', '+@all');
  const lines: string[] = [];
  const settings = withPassword(redis.settings, 'web1', 'secret');
  await using worker = await openWorkerBroker(settings, { log: (line) => lines.push(line) });
  const taken: string[] = [];
  const consumer = worker.consume(toWeb1, 1, async ({ job }) => void taken.push(job));
  await waitUntil(async () => (await redis.command('CLIENT', 'LIST')).includes('cmd=bzpopmin'), 'the worker to wait');

  await redis.command('ACL', 'SETUSER', 'web1', 'resetkeys', `~${prefixFor('other')}:*`);
  const run = newRun([web1]);
  await controller.release(releasesOf(run));
  await waitUntil(() => lines.some((line) => line.includes('NOPERM')), 'the worker to be denied');
  const denied = (): Promise<number> => redis.command('ACL', 'LOG').then((log) => log.split('count').length - 1);
  await waitUntil(async () => (await denied()) > 0, 'Redis to note it');
  const refused = Number(
    /cmdstat_evalsha:.*rejected_calls=(\d+)/.exec(await redis.command('INFO', 'commandstats'))?.[1],
  );
  await redis.command('ACL', 'SETUSER', 'web1', '~*');

  await waitUntil(() => taken.length === 1, 'the job');
  assert.ok(refused < 20, `Redis said no ${refused} times`);
  await consumer.drain();
});

test('a host that bends its own queue keeps no order from the others', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);
  const [web2, run] = [host('web2'), newRun([host('web1'), host('web2')])];
  const bend = async (...parts: string[]): Promise<void> => {
    for (const part of parts) await redis.command('DEL', keys.queue(toWeb1, part));
    for (const part of parts) await redis.command('SET', keys.queue(toWeb1, part), 'bent');
  };
  await bend('meta', 'wait', 'id', 'events', 'marker', 'active', 'paused', 'delayed');

  await controller.release(releasesOf(run));

  const waits = async (name: typeof web2): Promise<string> =>
    await redis.command('LRANGE', keys.queue({ kind: 'host', host: name }, 'wait'), '0', '-1');
  assert.deepEqual([await waits(web1), await waits(web2)], [`${run.id}.web1`, `${run.id}.web2`]);
  await bend('wait');
  const jobs = run.jobs.map(({ id, to }) => ({ job: id, to }));
  assert.deepEqual(await controller.withdraw(jobs), [`${run.id}.web2`]);
});

test('a host that fills its own queue’s counter or events, or knows a job’s id before, keeps no order from the others', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);
  const bends: readonly ((job: string) => readonly string[])[] = [
    () => ['SET', keys.queue(toWeb1, 'id'), '9223372036854775807'],
    () => ['XADD', keys.queue(toWeb1, 'events'), '18446744073709551615-18446744073709551615', 'event', 'x'],
    (job) => ['SET', keys.queue(toWeb1, job), 'bent'],
  ];
  for (const bend of bends) {
    const [run, next] = [newRun([web1, host('web2')]), newRun([web1, host('web2')])];
    await redis.command(...bend(`${run.id}.web1`));

    await controller.release(releasesOf(run));
    await controller.release(releasesOf(next));

    const toWeb2: Destination = { kind: 'host', host: host('web2') };
    const newest = await redis.command('LRANGE', keys.queue(toWeb2, 'wait'), '0', '1');
    assert.deepEqual(newest.split('\n'), [`${next.id}.web2`, `${run.id}.web2`]);
    assert.equal(await redis.command('LRANGE', keys.queue(toWeb1, 'wait'), '0', '0'), `${next.id}.web1`);
  }
});

test('a host that bends its own queue without end keeps no order from the others', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);
  const over = new AbortController();
  const bending = (async (): Promise<void> => {
    const client = new Redis(redis.port, '127.0.0.1');
    const counter = keys.queue(toWeb1, 'id');
    while (!over.signal.aborted) {
      await Promise.all(Array.from({ length: 100 }, () => client.set(counter, '9223372036854775807')));
    }
    await client.quit();
  })();
  await waitUntil(async () => (await redis.command('EXISTS', keys.queue(toWeb1, 'id'))) === '1', 'the first bend');
  const runs = Array.from({ length: 10 }, () => newRun([web1, host('web2')]));

  try {
    for (const run of runs) await controller.release(releasesOf(run));
  } finally {
    over.abort();
    await bending;
  }

  const waits = await redis.command('LRANGE', keys.queue({ kind: 'host', host: host('web2') }, 'wait'), '0', '-1');
  assert.deepEqual(
    waits.split('\n').toReversed(),
    runs.map(({ id }) => `${id}.web2`),
  );
});

test('a host has another of its role drop no order that is for that one alone', async () => {
  await using guarded = await startGuardedRedis();
  await using controller = await openControllerBroker(guarded.controller);
  const [attacker, victim] = [enrol(guarded.controller, web1, [web]), enrol(guarded.controller, host('web2'), [web])];
  for (const { user } of [attacker, victim]) await controller.setHostUser(user);
  const run = newRun([host('web2')]);
  await controller.release(releasesOf(run));
  const [order] = releasesOf(run);
  assert.ok(order !== undefined);
  const keys = keysFor(guarded.controller.environment);
  const toWeb: Destination = { kind: 'any', queue: web };
  const parent = keys.queue(order.to, order.job);
  const parentData = JSON.stringify({ queueKey: parent.slice(0, -order.job.length - 1), id: order.job, fpof: true });
  const job = ['name', 'x', 'data', '{}', 'opts', '{}'];
  const next = [...job, 'pk', parent, 'pd', parentData, 'pdk', `${parent}:dependencies`, 'jid', 'second'];
  // To BullMQ the second is a child of the order once the first has ended, and fails with it.
  const steps: readonly string[][] = [
    ['HSET', keys.queue(toWeb, 'first'), ...job, 'deid', 'd'],
    ['HSET', keys.queue(toWeb, 'dn:d'), ...next],
    ['HSET', keys.queue(toWeb, 'second'), 'defa', 'x'],
    ['LPUSH', keys.queue(toWeb, 'wait'), 'first', 'second'],
  ];
  for (const step of steps) assert.match(await attempt(attacker.settings, [step]), /^\d+$/);

  const lines: string[] = [];
  await using worker = await openWorkerBroker(victim.settings, { log: (line) => lines.push(line) });
  const taken: string[] = [];
  const ofRole = worker.consume(toWeb, 1, async () => undefined);
  await waitUntil(() => lines.some((line) => line.includes('job second: x')), 'the second to fail');
  const own = worker.consume(order.to, 1, async ({ job: id }) => void taken.push(id));
  await waitUntil(() => taken.length === 1 || lines.length > 1, 'the order');
  await Promise.all([ofRole.drain(), own.drain()]);

  assert.deepEqual(taken, [order.job]);
});
