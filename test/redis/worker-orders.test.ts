import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signCancel } from '../../src/trust/sign-order.ts';
import { endOf, eventsOf, fleetName, newOrder, submit, toAnyWeb } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene } from '../support/scene.ts';
import type { HostPresence } from '../../src/core/host-presence.ts';
import { hearFacts, hearPresences } from '../../src/fleet/hear-hosts.ts';
import { machineIdentity } from '../../src/host/machine-identity.ts';
import { hostNamed, refusalsIn } from '../support/spoken.ts';

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
    assert.deepEqual(await refusalsIn(controller, ['web1']), []);
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
    const audience = { fleet: fleetName, hosts: [hostNamed(host)] };
    const heard = async (): Promise<HostPresence | undefined> =>
      (await hearPresences(controller, audience, Date)).get(host);
    await waitUntil(async () => (await heard())?.online === true, 'presence');
    const said = await heard();

    assert.ok(said?.online === true);
    assert.deepEqual(said.presence.queues, ['host.web1', 'role.web']);
    assert.equal(said.presence.machine, await machineIdentity());
    assert.ok(Math.abs(said.presence.clockOffsetMs) < 5000);
    await waitUntil(async () => (await hearFacts(controller, audience)).has(host), 'facts', 120_000);
    assert.ok(((await hearFacts(controller, audience)).get(host)?.packages ?? 0) > 0);
    worker.requestStop();
    await worker.ended;
    const left = await heard();
    assert.ok(left?.online === false && Date.now() - (left.lastSeenAt ?? 0) < 60_000);
  });

  test('whose clock is far from Redis’ says so', async () => {
    await using scene = await setScene({ clock: { now: () => Date.now() + 200_000 } });

    await scene.worker.says(/^this host’s clock is (199|200|201) s ahead of Redis’: orders may be refused$/);
  });
});
