import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { jobFolder, jobState } from '../../src/executor/job-folder.ts';
import { endOf, eventsOf, newOrder, submit, toWeb1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setProcessScene } from '../support/process-scene.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene } from '../support/scene.ts';
import { slowApt } from '../support/slow-apt.ts';
import { refusalsIn } from '../support/spoken.ts';

forbidLeaks();

const changing = { task: 'apt.install', args: { packages: ['celeroot-test-slow'] } };
const withoutPids = (journal: readonly string[]): readonly string[] =>
  journal.map((line) => line.replace(/ pid .*/, ''));
const DONE_ONCE = ['begun attempt 1', 'ended attempt 1'];

describe('a job under way', () => {
  test('is told after Redis was gone when it ended', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const { redis, controller, fleet } = scene;
    const order = newOrder(changing);
    await submit(controller, order, fleet.key);
    await apt.begun();

    await redis.stop();
    await apt.letGo();
    await waitUntil(() => jobState(jobFolder(scene.stateDir, order.id)) === 'finished', 'the job to end');
    await redis.start();
    const end = await endOf(controller, order);

    assert.ok(end.kind === 'done' && end.outcome.status === 'changed', JSON.stringify(end));
    assert.deepEqual(withoutPids(await apt.journal()), DONE_ONCE);
    const next = newOrder();
    await submit(controller, next, fleet.key);
    assert.equal((await endOf(controller, next)).kind, 'done');
  });

  test('is left to its executor by a worker that stops at once, and told by the next', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const { controller, fleet, worker } = scene;
    const order = newOrder(changing);
    await submit(controller, order, fleet.key);
    await apt.begun();

    worker.requestStop();
    worker.requestStop();
    await worker.ended;
    const next = await scene.restartWorker();
    await apt.letGo();
    const end = await endOf(controller, order);

    assert.ok(end.kind === 'done' && end.outcome.status === 'changed', JSON.stringify(end));
    await worker.says(/^left/);
    await next.says(/^resumed .*: running/);
    assert.deepEqual(withoutPids(await apt.journal()), DONE_ONCE);
    assert.deepEqual(await refusalsIn(controller, ['web1']), []);
  });

  test('ends and is told by the worker itself when it ends soon after the wish to stop', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const { controller, fleet, worker } = scene;
    const order = newOrder(changing);
    await submit(controller, order, fleet.key);
    await apt.begun();

    worker.requestStop();
    await apt.letGo();
    await worker.ended;

    const kinds = (await eventsOf(controller, order)).map(({ kind }) => kind);
    assert.equal(kinds.at(-1), 'done');
    assert.ok(worker.lines.some((line) => line.startsWith('ended')));
  });

  test('is told by the next worker when it ended while there was none', async () => {
    await using apt = await slowApt();
    await using scene = await setScene({ self: apt.self('run') });
    const { controller, fleet, worker } = scene;
    const [first, second] = [newOrder(changing), newOrder(changing)];
    await submit(controller, first, fleet.key);
    await apt.begun();
    await submit(controller, second, fleet.key);
    await worker.says(/^waiting/);
    worker.requestStop();
    worker.requestStop();
    await worker.ended;
    await apt.letGo();

    await scene.restartWorker();

    for (const order of [first, second]) assert.equal((await endOf(controller, order)).kind, 'done');
    assert.deepEqual(withoutPids(await apt.journal()), [...DONE_ONCE, ...DONE_ONCE]);
  });
});

describe('a worker process', () => {
  test('killed in mid-job leaves the job running, and the next one tells its end once', async () => {
    await using scene = await setProcessScene();
    const { apt, controller, fleet, spawn } = scene;
    let order = newOrder();
    {
      await using killed = spawn();
      await killed.says(/^ready/);
      order = newOrder(changing);
      await submit(controller, order, fleet.key);
      await apt.begun();
      killed.signal('SIGKILL');
      assert.equal((await killed.exit).code, 'SIGKILL');
    }

    await using next = spawn();
    await next.says(/^resumed .*: running/);
    await apt.letGo();
    const end = await endOf(controller, order);
    await next.says(/^ended/);

    assert.ok(end.kind === 'done' && end.outcome.status === 'changed', JSON.stringify(end));
    assert.deepEqual(withoutPids(await apt.journal()), DONE_ONCE);
    assert.equal((await eventsOf(controller, order)).filter(({ kind }) => kind === 'done').length, 1);
  });

  test('that has lost its ledger refuses what was ordered before', async () => {
    await using scene = await setScene();
    const { controller, fleet, worker } = scene;
    const order = newOrder();
    const envelope = await submit(controller, order, fleet.key);
    await endOf(controller, order);
    worker.requestStop();
    await worker.ended;
    for (const name of ['birth', 'seen']) await rm(join(scene.stateDir, name));

    const next = await scene.restartWorker();
    await controller.release([{ job: order.id, to: toWeb1, envelope }]);

    await next.says(/^refused .*: BEFORE_LEDGER: /);
    assert.ok(!next.lines.some((line) => line.startsWith('accepted')));
  });
});
