import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobIdFor } from '../../src/core/ids.ts';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import type { Destination } from '../../src/core/run.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { doneEvent, host, newRun, releasesOf, reportOf } from '../support/broker-data.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { startCluster, startSentinelGroup, untilAgreed } from '../support/redis-groups.ts';

forbidLeaks();

const web1 = host('web1');
const toWeb1: Destination = { kind: 'host', host: web1 };

/** A worker that waits, and reports, goes on after `calamity`. */
async function assertGoesOnAfter(settings: BrokerSettings, calamity: () => Promise<void>): Promise<void> {
  await using worker = await openWorkerBroker(settings);
  const run = newRun([web1]);
  const job = jobIdFor(run.id, web1);
  const taken: string[] = [];
  const consumer = worker.consume(toWeb1, 1, async (delivery) => {
    taken.push(delivery.job);
    await worker.report(run.id, reportOf(job, web1, doneEvent));
  });

  await calamity();
  const reported = worker.report(run.id, reportOf(job, web1, { kind: 'accepted' }));
  await waitUntil(async () => {
    try {
      await using controller = await openControllerBroker(settings);
      await controller.release(releasesOf(run));
      return true;
    } catch {
      return false;
    }
  }, 'the controller to get through');

  await waitUntil(() => taken.length > 0, 'the job');
  await reported;
  await consumer.drain();
  await using controller = await openControllerBroker(settings);
  assert.deepEqual(taken, [job]);
  const { reports } = await controller.readReports({ run: run.id, hosts: [web1] });
  assert.deepEqual(new Set(reports.map(({ report }) => report?.event.kind)), new Set(['accepted', 'done']));
}

test('a worker follows its Sentinels to the new master', async () => {
  await using group = await startSentinelGroup();
  const [master] = group.servers;
  const before = await group.master();

  await assertGoesOnAfter(group.settings, async () => {
    await master?.kill();
    await waitUntil(async () => (await group.master()) !== before, 'the Sentinels to fail over');
  });
});

test('a worker goes on when every node of its Cluster was killed and started again', async () => {
  await using cluster = await startCluster();

  await assertGoesOnAfter(cluster.settings, async () => {
    for (const server of cluster.servers) await server.kill();
    for (const server of cluster.servers) await server.start();
    await untilAgreed(cluster.servers);
  });
});
