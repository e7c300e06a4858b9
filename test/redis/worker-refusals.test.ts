import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { jobIdFor, type JobId } from '../../src/core/ids.ts';
import { fleetNameSchema } from '../../src/core/names.ts';
import type { RefusalCode } from '../../src/core/report.ts';
import type { Destination } from '../../src/core/run.ts';
import type { Role } from '../../src/config/fleet-config.ts';
import { queueNameOf } from '../../src/core/run.ts';
import { makeSigningKey, type SigningKey } from '../../src/trust/key.ts';
import type { Order } from '../../src/trust/order.ts';
import { signOrder } from '../../src/trust/sign-order.ts';
import { host, newRunId } from '../support/broker-data.ts';
import { endOf, eventsOf, newOrder, submit, toAnyWeb, toWeb1, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene, type Scene } from '../support/scene.ts';
import { refusalsIn } from '../support/spoken.ts';

forbidLeaks();

/** The one refusal there is, once there is one, held against what was put where. */
async function assertRefused(
  scene: Scene,
  code: RefusalCode,
  where: { job: string; queue: Destination },
): Promise<void> {
  await waitUntil(async () => (await refusalsIn(scene.controller, [web1])).length > 0, 'a refusal');
  const refusals = await refusalsIn(scene.controller, [web1]);
  const seen = refusals.map((refusal) => [refusal.host, refusal.code, refusal.job, refusal.queue]);
  assert.deepEqual(seen, [[web1, code, where.job, queueNameOf(where.queue)]]);
  await scene.worker.says(new RegExp(`^refused "${where.job}" from ${queueNameOf(where.queue)}: ${code}: `));
}

/** Nothing was begun and nothing is kept. */
function assertNoEffect(scene: Scene): void {
  assert.deepEqual(
    scene.worker.lines.filter((line) => line.startsWith('accepted')),
    [],
  );
  assert.equal(existsSync(join(scene.stateDir, 'jobs')), false);
}

/** What somebody with access to Redis, but without the key, puts into a queue. */
type Forgery = {
  readonly what: string;
  readonly code: RefusalCode;
  readonly forge: (order: Order, key: SigningKey) => string;
  readonly order?: () => Order;
  readonly into?: Destination;
  readonly as?: (order: Order) => JobId;
};

const stranger = makeSigningKey();
const forgeries: readonly Forgery[] = [
  { what: 'no order', code: 'MALFORMED', forge: () => 'apt-get install backdoor' },
  { what: 'nothing', code: 'MALFORMED', forge: () => '' },
  { what: 'an order nobody signed', code: 'UNSIGNED', forge: (order) => JSON.stringify(order) },
  { what: 'an order of a stranger', code: 'UNKNOWN_KEY', forge: (order) => signOrder(order, stranger) },
  {
    what: 'an order of a stranger who claims to be the controller',
    code: 'BAD_SIGNATURE',
    forge: (order, key) => signOrder(order, { ...stranger, id: key.id }),
  },
  {
    what: 'an order that was altered after it was signed',
    code: 'BAD_SIGNATURE',
    forge: (order, key) => {
      const altered = Buffer.from(JSON.stringify({ ...order, task: 'apt.remove' })).toString('base64');
      return signOrder(order, key).replace(/"payload":"[^"]*"/, `"payload":"${altered}"`);
    },
  },
  {
    what: 'an order of another fleet with the same key',
    code: 'WRONG_FLEET',
    forge: (order, key) => signOrder({ ...order, fleet: fleetNameSchema.parse('staging') }, key),
  },
  {
    what: 'an order to another host',
    code: 'WRONG_HOST',
    order: () => newOrder({ to: { kind: 'host', host: host('db1') } }),
    into: toWeb1,
    forge: signOrder,
  },
  {
    what: 'an order to this host in the queue of a role',
    code: 'WRONG_QUEUE',
    order: () => newOrder(),
    into: toAnyWeb,
    forge: signOrder,
  },
  {
    what: 'an order to any host of a role in the queue of this host',
    code: 'WRONG_QUEUE',
    order: () => newOrder({ to: toAnyWeb }),
    into: toWeb1,
    forge: signOrder,
  },
  {
    what: 'a good order under another job id',
    code: 'WRONG_QUEUE',
    as: () => jobIdFor(newRunId(), web1),
    forge: signOrder,
  },
  { what: '300 KiB', code: 'TOO_LARGE', forge: () => 'x'.repeat(300 * 1024) },
];

describe('a worker refuses, without a word to the run,', () => {
  for (const { what, code, forge, order: make = newOrder, into, as } of forgeries) {
    test(what, async () => {
      await using scene = await setScene();
      const order = make();
      const job = as?.(order) ?? order.id;
      const queue = into ?? order.to;

      await scene.controller.release([{ job, to: queue, envelope: forge(order, scene.fleet.key) }]);

      await assertRefused(scene, code, { job, queue });
      assertNoEffect(scene);
      assert.deepEqual(await eventsOf(scene.controller, order), []);
    });
  }
});

/** Orders the controller did sign, which the host must not carry out all the same. */
type Misfit = {
  readonly what: string;
  readonly code: RefusalCode;
  readonly change: () => Partial<Order>;
  readonly roles?: readonly Partial<Role>[];
  /** Of the host, against the controller's. */
  readonly clockMs?: number;
};

const HOUR_MS = 3_600_000;
const misfits: readonly Misfit[] = [
  { what: 'a task it does not know', code: 'UNKNOWN_TASK', change: () => ({ task: 'apt.obliterate' }) },
  {
    what: 'a task that none of its roles allows',
    code: 'TASK_NOT_ALLOWED',
    change: () => ({}),
    roles: [{ tasks: ['apt.*'] }],
  },
  { what: 'arguments that do not fit', code: 'INVALID_ARGUMENTS', change: () => ({ args: { packages: ['vim-'] } }) },
  {
    what: 'an order that was valid for longer than seven days',
    code: 'MALFORMED',
    change: () => ({ expiresAt: Date.now() + 8 * 24 * HOUR_MS }),
  },
  {
    what: 'an order from before its ledger',
    code: 'BEFORE_LEDGER',
    change: () => ({ issuedAt: Date.now() - HOUR_MS }),
  },
  {
    what: 'an order from beyond 120 s ahead of its clock',
    code: 'CLOCK_SKEW',
    change: () => ({ issuedAt: Date.now() + 40_000 }),
    clockMs: -100_000, // Less than the trust file may be ahead, which is of now.
  },
];

describe('a worker refuses, and tells the run,', () => {
  for (const { what, code, change, roles = [{}], clockMs = 0 } of misfits) {
    test(what, async () => {
      await using scene = await setScene({ roles, clock: { now: () => Date.now() + clockMs } });
      const order = newOrder(change());

      await submit(scene.controller, order, scene.fleet.key);
      const end = await endOf(scene.controller, order);

      assert.ok(end.kind === 'refused' && end.code === code, JSON.stringify(end));
      await assertRefused(scene, code, { job: order.id, queue: toWeb1 });
      assertNoEffect(scene);
    });
  }

  test('an order whose expiry came while the host was off, as expired', async () => {
    await using scene = await setScene({ clock: { now: () => Date.now() + 2 * HOUR_MS } });
    const order = newOrder({ issuedAt: Date.now() + 2 * HOUR_MS - 1000, expiresAt: Date.now() + 2 * HOUR_MS - 1 });

    await submit(scene.controller, order, scene.fleet.key);

    assert.deepEqual(await endOf(scene.controller, order), { kind: 'expired' });
    await assertRefused(scene, 'EXPIRED', { job: order.id, queue: toWeb1 });
    assertNoEffect(scene);
  });
});
