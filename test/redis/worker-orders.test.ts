import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signCancel } from '../../src/trust/sign-order.ts';
import { endOf, eventsOf, fleetName, newOrder, submit, toAnyWeb, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene } from '../support/scene.ts';

forbidLeaks();

describe('a worker', () => {
  test('accepts a signed order, carries it out and tells its end', async () => {
    await using scene = await setScene();
    const { controller, fleet, worker } = scene;
    const order = newOrder();

    await submit(controller, order, fleet.key);
    const end = await endOf(controller, order);

    assert.ok(end.kind === 'done' && end.outcome.status === 'unchanged', JSON.stringify(end));
    const kinds = (await eventsOf(controller, order)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['accepted', 'done']);
    await worker.says(/^accepted .*: system\.ping from host\.web1, by "tester@here"$/);
    await worker.says(/^ended .*: unchanged: pong/);
    assert.deepEqual(await controller.refusals([web1], 10), []);
  });

  test('serves the queues of its roles', async () => {
    await using scene = await setScene();
    const order = newOrder({ to: toAnyWeb });

    await submit(scene.controller, order, scene.fleet.key);

    assert.equal((await endOf(scene.controller, order)).kind, 'done');
    await scene.worker.says(/^accepted .*_any: system\.ping from role\.web/);
  });

  test('takes an order that waited for it in the queue', async () => {
    await using scene = await setScene();
    scene.worker.requestStop();
    await scene.worker.ended;
    const order = newOrder();
    await submit(scene.controller, order, scene.fleet.key);

    await scene.restartWorker();

    assert.equal((await endOf(scene.controller, order)).kind, 'done');
  });

  test('does not begin a job whose run was cancelled with a signature', async () => {
    await using scene = await setScene();
    const { controller, fleet } = scene;
    const order = newOrder();
    const mark = signCancel({ fleet: fleetName, run: order.run, issuedAt: Date.now(), by: 'ada@here' }, fleet.key);

    await controller.setCancelMark(order.run, mark);
    await submit(controller, order, fleet.key);

    assert.deepEqual(await endOf(controller, order), {
      kind: 'cancelled',
      message: 'cancelled by ada@here before it began',
    });
  });

  test('does not obey a cancel mark without a good signature', async () => {
    await using scene = await setScene();
    const order = newOrder();

    await scene.controller.setCancelMark(order.run, 'stop!');
    await submit(scene.controller, order, scene.fleet.key);

    assert.equal((await endOf(scene.controller, order)).kind, 'done');
    await scene.worker.says(/^refused a cancel mark for .*: MALFORMED/);
  });

  test('shows itself online with its queues, stores what it knows of the host, and is gone when it stops', async () => {
    await using scene = await setScene();
    const { controller, worker } = scene;
    const { host } = scene.fleet.configFor(scene.redis.settings);
    const online = async (): Promise<boolean> => (await controller.presences([host])).has(host);
    await waitUntil(online, 'presence');
    const presence = (await controller.presences([host])).get(host);

    assert.deepEqual(presence?.queues, ['host.web1', 'role.web']);
    assert.ok(Math.abs(presence.clockOffsetMs) < 5000);
    await waitUntil(async () => (await controller.facts([host])).has(host), 'facts', 120_000);
    assert.ok(((await controller.facts([host])).get(host)?.packages ?? 0) > 0);
    worker.requestStop();
    await worker.ended;
    assert.equal(await online(), false);
  });

  test('whose clock is far from Redis’ says so', async () => {
    await using scene = await setScene({ clock: { now: () => Date.now() + 200_000 } });

    await scene.worker.says(/^this host’s clock is (199|200|201) s ahead of Redis’: orders may be refused$/);
  });
});
