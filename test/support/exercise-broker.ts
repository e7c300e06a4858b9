import assert from 'node:assert/strict';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { jobIdFor, runOf } from '../../src/core/ids.ts';
import { roleNameSchema } from '../../src/core/names.ts';
import type { HostFacts, Presence } from '../../src/core/presence.ts';
import type { ControllerBroker, Delivery, ReportPlace, StoredReport } from '../../src/queue/broker.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { doneEvent, host, newRun, queue, releasesOf, reportOf } from './broker-data.ts';
import { waitUntil } from './redis.ts';
import { jobIdSchema, type RunId } from '../../src/core/ids.ts';
import type { Refusal } from '../../src/core/report.ts';
import { refusalsIn, runsIn, saidFacts, saidPresence, saidRefusal, saveRun } from './spoken.ts';

const web1 = host('web1');
const web2 = host('web2');

export const presence: Presence = {
  version: '0.1.0',
  startedAt: 1,
  seenAt: 2,
  clockOffsetMs: -3,
  trust: 1,
  queues: ['host.web1'],
  machine: '',
  leaving: false,
};

export const facts: HostFacts = {
  os: 'Debian GNU/Linux 12 (bookworm)',
  osId: 'debian',
  osVersion: '12',
  arch: 'amd64',
  kernel: '6.1.0',
  packages: 300,
  upgrades: { total: 4, security: 1 },
  rebootRequired: false,
  broken: 0,
  gatheredAt: 5,
  outdated: false,
};

const refusal: Refusal = { at: 7, queue: 'host.web1', job: 'j', code: 'UNSIGNED', message: 'no signature' };

/** Everything both sides do with a broker, once, as a controller and as the worker of web1. */
export async function exerciseBroker(
  controllerSettings: BrokerSettings,
  workerSettings: BrokerSettings,
): Promise<void> {
  await using controller = await openControllerBroker(controllerSettings);
  await using worker = await openWorkerBroker(workerSettings);
  const taken: Delivery[] = [];
  const handle = async (delivery: Delivery): Promise<void> => {
    taken.push(delivery);
    const job = jobIdSchema.parse(delivery.job);
    await worker.report(runOf(job), reportOf(job, web1, { kind: 'accepted' }));
    await worker.report(runOf(job), reportOf(job, web1, doneEvent));
  };

  const said = { presence: saidPresence(web1, presence), facts: saidFacts(web1, facts) };
  await worker.announce(web1, said.presence);
  await worker.saveFacts(web1, said.facts);
  await worker.refuse(web1, saidRefusal(web1, refusal));
  assert.deepEqual(await controller.presences([web1, web2]), new Map([[web1, said.presence]]));
  assert.deepEqual(await controller.facts([web2, web1]), new Map([[web1, said.facts]]));
  assert.deepEqual(await refusalsIn(controller, [web1, web2]), [{ host: web1, ...refusal }]);
  assert.ok(Math.abs((await worker.serverTime()) - Date.now()) < 60_000);

  const run = newRun([web1, web2]);
  await saveRun(controller, run);
  await controller.release(releasesOf(run));
  const hostConsumer = worker.consume({ kind: 'host', host: web1 }, 2, handle);
  assert.deepEqual(await eventKinds(controller, run.id, 2), ['accepted', 'done']);
  assert.deepEqual(await controller.withdraw(run.jobs.map(({ id, to }) => ({ job: id, to }))), [
    jobIdFor(run.id, web2),
  ]);

  const any = { ...newRun([]), task: 'system.facts' };
  const anyJob = { id: jobIdFor(any.id, null), to: { kind: 'any', queue: queue('webserver') } } as const;
  await saveRun(controller, { ...any, jobs: [anyJob] });
  const roleConsumer = worker.consume(anyJob.to, 1, handle);
  await controller.release(releasesOf({ ...any, jobs: [anyJob] }));
  assert.deepEqual(await eventKinds(controller, any.id, 2), ['accepted', 'done']);
  assert.deepEqual(
    taken.map(({ job }) => job),
    [jobIdFor(run.id, web1), anyJob.id],
  );

  assert.equal(await worker.cancelMark(run.id), null);
  await controller.setCancelMark(run.id, 'a mark');
  assert.equal(await worker.cancelMark(run.id), 'a mark');
  assert.deepEqual((await runsIn(controller, 2)).map(({ id }) => id).toSorted(), [run.id, any.id].toSorted());

  await exerciseRollout(controller);
  await Promise.all([hostConsumer.drain(), roleConsumer.drain()]);
}

/** What whoever drives a roll-out does. */
async function exerciseRollout({ rollouts }: ControllerBroker): Promise<void> {
  const run = newRun([web1, web2]);
  const orders = releasesOf(run);
  await rollouts.keepOrders(run.id, orders);
  const [first] = orders;
  assert.deepEqual(await rollouts.keptOrders(run.id, first === undefined ? [] : [first.job]), [first]);
  assert.equal(await rollouts.drivenBy(run.id), null);
  const lease = await rollouts.takeDriving(run.id, { by: 'a@b', owner: 'x' });
  assert.ok('token' in lease);
  const web = roleNameSchema.parse('web');
  const hosts = [web1, web2].map((name) => ({ host: name, roles: [web] }));
  const asked = { run: run.id, ...lease, hosts, limits: new Map([[web, 1]]), alone: false, until: Date.now() + 60_000 };
  assert.deepEqual(await rollouts.grantTurns(asked), { kind: 'granted', hosts: [web1] });
  assert.equal(await rollouts.writeEntry(run.id, lease.token, '{"kind":"settled"}'), true);
  await rollouts.addAct(run.id, { text: 't', signature: 's', key: 'k' });
  assert.deepEqual(
    (await rollouts.history(run.id, null)).map(({ kind }) => kind),
    ['entry', 'entry', 'act'],
  );
  const locks = await rollouts.locks();
  assert.deepEqual(
    locks.map(({ host: name }) => name),
    [web1],
  );
  await rollouts.freeLocks(locks);
  assert.equal(await rollouts.keepDriving(run.id, lease.token), true);
  await rollouts.dropDriving(run.id, lease.token);
  await rollouts.announce(newRun([web1]).id, Date.now() - 1000);
  await rollouts.announce(run.id, Date.now() + 60_000);
  assert.deepEqual(await rollouts.announced(), [run.id]);
  await rollouts.conclude(run.id);
  assert.deepEqual(await rollouts.announced(), []);
}

/** Follows a run until so many reports are there. */
export async function eventKinds(controller: ControllerBroker, id: RunId, count: number): Promise<readonly string[]> {
  const seen: StoredReport[] = [];
  let after: ReportPlace = new Map();
  await waitUntil(async () => {
    const page = await controller.awaitReports({ run: id, hosts: [web1], after }, 1000);
    seen.push(...page.reports);
    after = page.place;
    return seen.length >= count;
  }, `${count} reports`);
  return seen.map(({ report }) => report?.event.kind ?? 'unreadable');
}
