import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jobIdFor } from '../../src/core/ids.ts';
import { addGrant, NO_END, revokeGrant } from '../../src/trust/change-trust.ts';
import { makeSigningKey, type SigningKey } from '../../src/trust/key.ts';
import type { Order } from '../../src/trust/order.ts';
import { runIdOfSlot, signStandingOrder, type StandingOrder } from '../../src/trust/standing-order.ts';
import { signOrder } from '../../src/trust/sign-order.ts';
import { signTrust, type Trust } from '../../src/trust/trust-file.ts';
import { endOf, fleetName, newOrder, submit, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene, type Scene } from '../support/scene.ts';
import { standing } from '../support/standing.ts';
import { showTrust } from '../support/show-trust.ts';

forbidLeaks();

const MINUTE_MS = 60_000;
const scheduler = makeSigningKey();

describe('a worker', () => {
  test('does a slot once, however often and by whom it is fired', async () => {
    await using scene = await setScene();
    await publishScheduler(scene);
    const { controller, fleet, worker } = scene;
    const slot = nextSlot();
    const first = fired(fleet.key, slot);

    await submit(controller, first, scheduler);
    const end = await endOf(controller, first);
    // Another scheduler, later: another envelope with another text.
    const again = fired(fleet.key, slot, { by: 'other@there', issuedAt: first.issuedAt + 1 });
    await waitUntil(async () => {
      // While the first is still in the queue, a second of its id is none.
      await controller.release([{ job: again.id, to: again.to, envelope: signOrder(again, scheduler) }]);
      return worker.lines.some((line) => /^refused .*REPLAYED/.test(line));
    }, 'the second to be refused');
    const next = fired(fleet.key, slot + MINUTE_MS);
    await submit(controller, next, scheduler);

    assert.equal(again.id, first.id);
    assert.equal(end.kind, 'done');
    assert.equal((await endOf(controller, next)).kind, 'done');
    assert.equal(worker.lines.filter((line) => line.startsWith('accepted')).length, 2);
  });

  test('fires nothing more for a standing order whose operator’s key was revoked', async () => {
    await using scene = await setScene();
    const trust = await publishScheduler(scene);
    const { controller, fleet } = scene;
    const revoked = revokeGrant(trust, 'operator', Date.now());
    await showTrust(controller, 3, signTrust(revoked, [fleet.root]));

    const order = fired(fleet.key, nextSlot(), { trust: 3 });
    await submit(controller, order, scheduler);

    const end = await endOf(controller, order);
    assert.ok(end.kind === 'refused' && end.code === 'KEY_REVOKED', JSON.stringify(end));
  });
});

/** The slot that is due now, or would have been: the ledger of a scene begins with it. */
function nextSlot(): number {
  return Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
}

async function publishScheduler({ controller, fleet }: Scene): Promise<Trust> {
  const scope = { tasks: ['*'], hosts: ['*'], notBefore: 0, notAfter: NO_END, revokedAt: null };
  const trust = addGrant(fleet.trust, { name: 'clock', kind: 'scheduler', key: scheduler.id, ...scope }, Date.now());
  await showTrust(controller, 2, signTrust(trust, [fleet.root]));
  return trust;
}

function fired(operator: SigningKey, slot: number, change: Partial<Order> = {}): Order {
  const of: StandingOrder = {
    ...standing,
    fleet: fleetName,
    task: 'system.ping',
    args: {},
    notBefore: slot - 60 * MINUTE_MS,
    notAfter: slot + 60 * MINUTE_MS,
  };
  const run = runIdOfSlot(fleetName, of.schedule, slot);
  const issuedAt = change.issuedAt ?? Date.now();
  return newOrder({
    run,
    id: jobIdFor(run, web1),
    trust: 2,
    issuedAt,
    deadlineMs: of.limits.deadlineMs,
    firing: { request: signStandingOrder(of, operator), slot },
    ...change,
    expiresAt: issuedAt + of.limits.expiresInMs,
  });
}
