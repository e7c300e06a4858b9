import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobIdFor } from '../../src/core/ids.ts';
import type { Destination } from '../../src/core/run.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { host, newRun, queue, releasesOf } from '../support/broker-data.ts';
import { leaveJobUnderWay } from '../support/leave-job.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startQueueWorker } from '../support/queue-worker.ts';
import { startRedis, waitUntil } from '../support/redis.ts';

forbidLeaks();

const web1 = host('web1');
const toWeb1: Destination = { kind: 'host', host: web1 };

test('what a killed worker had taken goes to the next worker of the host at once, and so do new jobs', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const [taken, fresh] = [newRun([web1]), newRun([web1])];
  await using killed = startQueueWorker(redis.settings, toWeb1);
  await controller.release(releasesOf(taken));
  assert.equal(await killed.taken, jobIdFor(taken.id, web1));
  await killed.kill();
  await controller.release(releasesOf(fresh));

  await using worker = await openWorkerBroker(redis.settings);
  const jobs: string[] = [];
  const consumer = worker.consume(toWeb1, 1, async ({ job }) => void jobs.push(job));

  await waitUntil(() => jobs.length === 2, 'both jobs', 5000);
  assert.deepEqual(jobs.toSorted(), [jobIdFor(taken.id, web1), jobIdFor(fresh.id, web1)].toSorted());
  await consumer.drain();
});

test('what a killed worker had taken from a role’s queue goes to nobody else, and new jobs do at once', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const toAny: Destination = { kind: 'any', queue: queue('webserver') };
  const [taken, fresh] = [newRun([]), newRun([])].map((run) => ({
    ...run,
    jobs: [{ id: jobIdFor(run.id, null), to: toAny }],
  }));
  assert.ok(taken !== undefined && fresh !== undefined);
  await using killed = startQueueWorker(redis.settings, toAny);
  await controller.release(releasesOf(taken));
  await killed.taken;
  await killed.kill();

  await using worker = await openWorkerBroker(redis.settings);
  const jobs: string[] = [];
  const consumer = worker.consume(toAny, 1, async ({ job }) => void jobs.push(job));
  await controller.release(releasesOf(fresh));

  await waitUntil(() => jobs.length > 0, 'the new job', 5000);
  await consumer.drain();
  assert.deepEqual(jobs, [jobIdFor(fresh.id, null)]);
});

test('a job of a role’s queue is gone when it has ended, also by an error, unless its lock has become another’s', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const toAny: Destination = { kind: 'any', queue: queue('webserver') };
  const [done, failed, lost] = [newRun([]), newRun([]), newRun([])].map(({ id }) => jobIdFor(id, null));
  assert.ok(done !== undefined && failed !== undefined && lost !== undefined);
  const keys = keysFor(redis.settings.environment);
  const jobs: string[] = [];
  const consumer = worker.consume(toAny, 1, async ({ job }) => {
    if (job === lost) await redis.command('SET', keys.queue(toAny, `${lost}:lock`), 'another');
    jobs.push(job);
    if (job === failed) throw new Error('a bug');
  });

  await controller.release([done, failed, lost].map((job) => ({ job, to: toAny, envelope: 'an order' })));
  await waitUntil(() => jobs.length === 3, 'all jobs');
  await consumer.drain();

  const left = (await redis.command('KEYS', keys.queue(toAny, '*_any*'))).split('\n');
  assert.deepEqual(left.toSorted(), [keys.queue(toAny, lost), keys.queue(toAny, `${lost}:lock`)]);
  assert.equal(await redis.command('LRANGE', keys.queue(toAny, 'active'), '0', '-1'), lost);
});

test('closing leaves a job under way for the next worker', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRun([web1]);
  {
    await using first = await openWorkerBroker(redis.settings);
    const stopped = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const consumer = first.consume(toWeb1, 1, () => {
      begun.resolve();
      return stopped.promise;
    });
    await controller.release(releasesOf(run));
    await begun.promise;
    await consumer.close();
    stopped.reject(new Error('stopped'));
  }

  await using second = await openWorkerBroker(redis.settings);
  const taken = Promise.withResolvers<string>();
  const consumer = second.consume(toWeb1, 1, async ({ job }) => taken.resolve(job));

  assert.equal(await taken.promise, jobIdFor(run.id, web1));
  await consumer.drain();
});

test('closing while draining leaves a job under way for the next worker', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRun([web1]);
  await leaveJobUnderWay(controller, releasesOf(run), redis.settings);

  await using second = await openWorkerBroker(redis.settings);
  const taken = Promise.withResolvers<string>();
  const consumer = second.consume(toWeb1, 1, async ({ job }) => taken.resolve(job));

  assert.equal(await taken.promise, jobIdFor(run.id, web1));
  await consumer.drain();
});

test('draining waits for what is under way and takes nothing new', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const [first, second] = [newRun([web1]), newRun([web1])];
  await using worker = await openWorkerBroker(redis.settings);
  const finish = Promise.withResolvers<void>();
  const begun: string[] = [];
  const consumer = worker.consume(toWeb1, 4, async ({ job }) => {
    begun.push(job);
    await finish.promise;
  });
  await controller.release(releasesOf(first));
  await waitUntil(() => begun.length === 1, 'the job to begin');

  let isDrained = false;
  const drained = consumer.drain().then(() => {
    isDrained = true;
  });
  await waitUntil(async () => !(await redis.command('CLIENT', 'LIST')).includes('cmd=bzpopmin'), 'nobody to wait');
  await controller.release(releasesOf(second));
  assert.equal(isDrained, false);
  finish.resolve();
  await drained;

  assert.deepEqual(begun, [jobIdFor(first.id, web1)]);
  assert.deepEqual(await controller.withdraw([{ job: jobIdFor(second.id, web1), to: toWeb1 }]), [
    jobIdFor(second.id, web1),
  ]);
});
