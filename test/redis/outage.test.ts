import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jobIdFor } from '../../src/core/ids.ts';
import type { Destination } from '../../src/core/run.ts';
import { makeClient } from '../../src/queue/connection.ts';
import { consume } from '../../src/queue/consume.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { openPatientLink } from '../../src/queue/patient-link.ts';
import { doneEvent, host, newRun, releasesOf, reportOf } from '../support/broker-data.ts';
import { presence } from '../support/exercise-broker.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil } from '../support/redis.ts';

forbidLeaks();

const web1 = host('web1');
const toWeb1: Destination = { kind: 'host', host: web1 };
const unreachable = { name: 'ConnectionError', code: 'BROKER_UNREACHABLE' };

test('a controller whose Redis goes away in mid-watch fails, and works again when Redis does', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRun([web1]);
  await controller.saveRun(run);
  const watching = assert.rejects(controller.awaitReports({ run: run.id, hosts: [web1] }, 60_000), unreachable);

  await redis.kill();
  await watching;
  await assert.rejects(controller.getRun(run.id), unreachable);
  await assert.rejects(controller.awaitReports({ run: run.id, hosts: [web1] }, 1000), unreachable);
  await redis.start();

  assert.deepEqual((await controller.awaitReports({ run: run.id, hosts: [web1] }, 10)).reports, []);
  await waitUntil(
    () =>
      controller
        .getRun(run.id)
        .then((stored) => stored !== null)
        .catch(() => false),
    'the controller to be connected again',
  );
});

test('a controller whose Redis hangs in mid-watch fails', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRun([web1]);
  await controller.saveRun(run);
  redis.freeze();

  await assert.rejects(controller.awaitReports({ run: run.id, hosts: [web1] }, 100), {
    ...unreachable,
    message: /did not answer within/,
  });
  await assert.rejects(controller.release(releasesOf(run)), unreachable);
});

test('a worker’s calls wait out an outage and lose nothing', async () => {
  await using redis = await startRedis();
  const lines: string[] = [];
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings, { log: (line) => lines.push(line) });
  const run = newRun([web1]);
  const job = jobIdFor(run.id, web1);
  await controller.saveRun(run);

  await redis.kill();
  const calls = Promise.all([
    worker.report(run.id, reportOf(job, web1, { kind: 'accepted' })),
    worker.report(run.id, reportOf(job, web1, doneEvent)),
    worker.announce(web1, presence, 60_000),
  ]);
  await waitUntil(() => lines.length > 0, 'the worker to say that Redis is away');
  await redis.start();
  await calls;

  await using after = await openControllerBroker(redis.settings);
  const { reports } = await after.readReports({ run: run.id, hosts: [web1] });
  assert.deepEqual(
    reports.map(({ report }) => report?.event.kind),
    ['accepted', 'done'],
  );
  assert.equal((await after.presences([web1])).size, 1);
  assert.match(lines.join('\n'), /cannot reach Redis at .*; waiting for it\nconnected to .* again/);
});

test('a job that runs during an outage is done once, and the next is taken after it', async () => {
  await using redis = await startRedis();
  await using worker = await openWorkerBroker(redis.settings);
  const [first, second] = [newRun([web1]), newRun([web1])];
  const finish = Promise.withResolvers<void>();
  const begun: string[] = [];
  const consumer = worker.consume(toWeb1, 1, async ({ job }) => {
    begun.push(job);
    await finish.promise;
  });
  {
    await using controller = await openControllerBroker(redis.settings);
    await controller.release(releasesOf(first));
    await waitUntil(() => begun.length === 1, 'the job to begin');
  }

  await redis.kill();
  finish.resolve();
  await redis.start();
  await using controller = await openControllerBroker(redis.settings);
  await controller.release(releasesOf(second));

  await waitUntil(() => begun.length === 2, 'the second job');
  assert.deepEqual(begun, [jobIdFor(first.id, web1), jobIdFor(second.id, web1)]);
  await consumer.drain();
});

test('a worker takes jobs again after an outage that outlasts its wait', async () => {
  await using redis = await startRedis();
  await using link = openPatientLink(redis.settings, () => undefined);
  const run = newRun([web1]);
  const jobs: string[] = [];
  // With a wait of one second BullMQ's watchdog goes off several times while there is no socket.
  const consumer = consume(
    { queue: toWeb1, concurrency: 1, handle: async ({ job }) => void jobs.push(job) },
    {
      link,
      makeBlockingClient: (stop) => makeClient(redis.settings, 'patient', stop),
      log: () => undefined,
      timing: { drainDelayS: 1, lockMs: 30_000 },
    },
  );

  await redis.stop();
  await sleep(6000);
  await redis.start();
  await using controller = await openControllerBroker(redis.settings);
  await controller.release(releasesOf(run));

  await waitUntil(() => jobs.length === 1, 'the job');
  await consumer.drain();
});

test('a worker takes jobs again after an outage shorter than its wait', async () => {
  await using redis = await startRedis();
  await using worker = await openWorkerBroker(redis.settings);
  const run = newRun([web1]);
  const jobs: string[] = [];
  const consumer = worker.consume(toWeb1, 1, async ({ job }) => void jobs.push(job));

  await redis.kill();
  await redis.start();
  await using controller = await openControllerBroker(redis.settings);
  await controller.release(releasesOf(run));

  await waitUntil(() => jobs.length === 1, 'the job');
  await consumer.drain();
});

test('a worker whose connections are cut finds a job it was not woken for', async () => {
  await using redis = await startRedis();
  await using worker = await openWorkerBroker(redis.settings);
  const jobs: string[] = [];
  const consumer = worker.consume(toWeb1, 1, async ({ job }) => void jobs.push(job));
  const keys = keysFor(redis.settings.environment);
  await waitUntil(async () => (await redis.command('CLIENT', 'LIST')).includes('cmd=bzpopmin'), 'the worker to wait');
  // As when Redis had woken a connection that was dead: the job is there and nothing announces it.
  await redis.command('HSET', keys.queue(toWeb1, 'a-job'), 'name', 'order', 'data', '{"order":"x"}', 'opts', '{}');
  await redis.command('LPUSH', keys.queue(toWeb1, 'wait'), 'a-job');

  await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');

  await waitUntil(() => jobs.length === 1, 'the job');
  await consumer.drain();
});

test('draining, closing and leaving do not wait for a Redis that is away', async () => {
  await using redis = await startRedis();
  await using worker = await openWorkerBroker(redis.settings);
  const drained = worker.consume(toWeb1, 1, () => Promise.resolve());
  const closed = worker.consume({ kind: 'host', host: host('web2') }, 1, () => Promise.resolve());
  worker.consume({ kind: 'host', host: host('web3') }, 1, () => Promise.resolve());
  await waitUntil(
    async () => (await redis.command('CLIENT', 'LIST')).split('cmd=bzpopmin').length === 4,
    'three consumers to wait',
  );
  await redis.kill();
  const lost = assert.rejects(worker.announce(web1, presence, 1000), unreachable);

  await Promise.all([drained.drain(), closed.close()]);
  await worker[Symbol.asyncDispose]();
  await lost;
});

test('a worker waits for a Redis that is not there yet, until it is told to stop', async () => {
  await using redis = await startRedis();
  await redis.stop();
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const stop = new AbortController();
  const stopped = assert.rejects(openWorkerBroker(redis.settings, { signal: stop.signal, log }), unreachable);
  const waiting = openWorkerBroker(redis.settings, { log });
  await waitUntil(() => lines.length === 2, 'both to say that Redis is away');

  stop.abort();
  await stopped;
  await redis.start();

  await using worker = await waiting;
  assert.equal(await worker.cancelMark(newRun([]).id), null);
});
