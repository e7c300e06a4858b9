import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobIdFor, runOf } from '../../src/core/ids.ts';
import type { Delivery } from '../../src/queue/broker.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { doneEvent, host, newRun, releasesOf, reportOf } from '../support/broker-data.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';

forbidLeaks();

test('an order goes to its host and its reports come back', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const web1 = host('web1');
  const run = newRun([web1]);
  const job = jobIdFor(run.id, web1);
  const deliveries: Delivery[] = [];
  const consumer = worker.consume({ kind: 'host', host: web1 }, 2, async (delivery) => {
    deliveries.push(delivery);
    await worker.report(runOf(job), reportOf(job, web1, doneEvent));
  });

  await controller.saveRun(run);
  await controller.release(releasesOf(run));
  const { reports } = await controller.awaitReports({ run: run.id, hosts: [web1] }, 5000);

  assert.deepEqual(deliveries, [{ queue: { kind: 'host', host: web1 }, job, envelope: `envelope of ${job}` }]);
  assert.deepEqual(
    reports.map(({ report }) => report?.event),
    [doneEvent],
  );
  assert.deepEqual(await controller.getRun(run.id), run);
  await consumer.drain();
});
