import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReportEvent } from '../../src/core/report.ts';
import { isCancelled, jobFolder, readStarted } from '../../src/executor/job-folder.ts';
import { launchExecutor } from '../../src/executor/launch-executor.ts';
import { keysFor } from '../../src/queue/names.ts';
import type { Order } from '../../src/trust/order.ts';
import { signCancel } from '../../src/trust/sign-order.ts';
import { endOf, eventsOf, fleetName, newOrder, submit, toWeb1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene, type Scene } from '../support/scene.ts';
import { slowApt } from '../support/slow-apt.ts';

forbidLeaks();

/** An order that may change the host, carried out by the slow apt-get of the test. */
function changingOrder(change: Partial<Order> = {}): Order {
  return newOrder({ task: 'apt.install', args: { packages: ['celeroot-test-slow'] }, ...change });
}

function kindsOf(events: readonly ReportEvent[]): readonly string[] {
  return [...new Set(events.map(({ kind }) => kind))];
}

async function cancel({ controller, fleet }: Scene, order: Order): Promise<void> {
  const mark = signCancel({ fleet: fleetName, run: order.run, issuedAt: Date.now(), by: 'ada@here' }, fleet.key);
  await controller.setCancelMark(order.run, mark);
}

async function deliverAgain({ redis }: Scene, order: Order): Promise<void> {
  const keys = keysFor(redis.settings.environment);
  await redis.command('LPUSH', keys.queue(toWeb1, 'wait'), order.id);
  await redis.command('ZADD', keys.queue(toWeb1, 'marker'), '0', '0');
}

const withoutPids = (journal: readonly string[]): readonly string[] =>
  journal.map((line) => line.replace(/ pid .*/, ''));

describe('a job that changes the host', () => {
  test('is done by an executor and told from acceptance to end', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const order = changingOrder();

    await submit(scene.controller, order, scene.fleet.key);
    await apt.begun();
    await apt.letGo();
    const end = await endOf(scene.controller, order);

    assert.ok(end.kind === 'done' && end.outcome.status === 'changed', JSON.stringify(end));
    const told = kindsOf(await eventsOf(scene.controller, order));
    for (const kind of ['accepted', 'phase', 'output', 'done']) assert.ok(told.includes(kind), kind);
    await scene.worker.says(/^ended .*: changed: /);
  });

  test('waits until the one before it has ended, and says so', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const { controller, fleet } = scene;
    const [first, second] = [changingOrder(), changingOrder()];
    await submit(controller, first, fleet.key);
    await apt.begun();

    await submit(controller, second, fleet.key);
    await scene.worker.says(new RegExp(`^waiting ${second.id}: ${first.id} is at work`));
    assert.equal((await apt.journal()).length, 1);
    await apt.letGo();
    await endOf(controller, first);
    await endOf(controller, second);

    const [begun, ended] = ['begun attempt 1', 'ended attempt 1'];
    assert.deepEqual(withoutPids(await apt.journal()), [begun, ended, begun, ended]);
    const waiting = (await eventsOf(controller, second)).find(({ kind }) => kind === 'waiting');
    assert.deepEqual(waiting, { kind: 'waiting', for: 'turn', holder: first.id });
  });

  test('does not keep a job waiting that changes nothing', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const { controller, fleet } = scene;
    await submit(controller, changingOrder(), fleet.key);
    await apt.begun();

    const ping = newOrder();
    await submit(controller, ping, fleet.key);

    assert.equal((await endOf(controller, ping)).kind, 'done');
    await apt.letGo();
  });

  test('is cancelled before it begins while it waits for its turn', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const { controller, fleet } = scene;
    const [first, second] = [changingOrder(), changingOrder()];
    await submit(controller, first, fleet.key);
    await apt.begun();
    await submit(controller, second, fleet.key);
    await scene.worker.says(/^waiting/);

    await cancel(scene, second);
    const end = await endOf(controller, second);
    await apt.letGo();
    await endOf(controller, first);

    assert.deepEqual(end, { kind: 'cancelled', message: 'cancelled by ada@here before it began' });
    assert.equal(withoutPids(await apt.journal()).filter((line) => line.startsWith('begun')).length, 1);
  });

  test('is not called off when an executor that a killed worker had started begins meanwhile', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const { controller, fleet } = scene;
    const [first, second] = [changingOrder(), changingOrder()];
    await submit(controller, first, fleet.key);
    await apt.begun();
    await submit(controller, second, fleet.key);
    await scene.worker.says(/^waiting/);

    await launchExecutor(jobFolder(scene.stateDir, second.id), apt.self('run'));
    await waitUntil(async () => (await apt.journal()).length === 2, 'both programs to be at work');
    await cancel(scene, second);
    await waitUntil(() => isCancelled(jobFolder(scene.stateDir, second.id)), 'the cancel to be passed on');
    await apt.letGo();
    const end = await endOf(controller, second);

    assert.ok(end.kind === 'done' && end.outcome.status === 'changed', JSON.stringify(end));
  });

  test('is stopped by a cancel at a safe point while it runs', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('download') });
    const order = changingOrder();
    await submit(scene.controller, order, scene.fleet.key);
    await apt.begun();

    await cancel(scene, order);
    const end = await endOf(scene.controller, order);

    assert.ok(end.kind === 'done' && end.outcome.status === 'cancelled', JSON.stringify(end));
    await scene.worker.says(/^cancel .*: by ada@here, at its next safe point/);
  });

  test('expires when its turn comes too late', async () => {
    let aheadMs = 0;
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run'), clock: { now: () => Date.now() + aheadMs } });
    const { controller, fleet } = scene;
    const [first, second] = [changingOrder(), changingOrder({ expiresAt: Date.now() + 60_000 })];
    await submit(controller, first, fleet.key);
    await apt.begun();
    await submit(controller, second, fleet.key);
    await scene.worker.says(/^waiting/);

    aheadMs = 61_000;
    await apt.letGo();

    assert.deepEqual(await endOf(controller, second), { kind: 'expired' });
    assert.equal((await endOf(controller, first)).kind, 'done');
  });

  test('delivered again while it runs is done once', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run'), roles: [{ concurrency: 4 }] });
    const order = changingOrder();
    await submit(scene.controller, order, scene.fleet.key);
    await apt.begun();

    await deliverAgain(scene, order);
    await deliverAgain(scene, order);
    const { redis } = scene;
    const waitKey = keysFor(redis.settings.environment).queue(toWeb1, 'wait');
    await waitUntil(async () => (await redis.command('LLEN', waitKey)) === '0', 'the deliveries to be taken');
    await apt.letGo();

    assert.equal((await endOf(scene.controller, order)).kind, 'done');
    assert.deepEqual(withoutPids(await apt.journal()), ['begun attempt 1', 'ended attempt 1']);
    assert.equal(scene.worker.lines.filter((line) => line.startsWith('accepted')).length, 1);
  });

  test('is taken up by another executor when the first one is killed, and the run hears of it', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const order = changingOrder();
    await submit(scene.controller, order, scene.fleet.key);
    await apt.begun();
    const folder = jobFolder(scene.stateDir, order.id);

    process.kill(readStarted(folder)?.process.pid ?? 0, 'SIGKILL');
    await scene.worker.says(/^interrupted/);
    await apt.letGo();
    const end = await endOf(scene.controller, order);

    assert.ok(end.kind === 'done' && end.outcome.status === 'changed', JSON.stringify(end));
    assert.ok(kindsOf(await eventsOf(scene.controller, order)).includes('interrupted'));
    assert.equal(readStarted(folder)?.attempt, 2);
  });

  test('fails, and is not tried for ever, when its executor cannot begin', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('die') });
    const order = changingOrder();

    await submit(scene.controller, order, scene.fleet.key);
    const end = await endOf(scene.controller, order);

    assert.ok(end.kind === 'done' && end.outcome.failure?.kind === 'executor_died', JSON.stringify(end));
  });
});
