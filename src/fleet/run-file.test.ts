import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fleetConfig } from '../../test/support/fleet-config.ts';
import { addGrant, firstTrust, NO_END, revokeGrant } from '../trust/change-trust.ts';
import { makeSigningKey } from '../trust/key.ts';
import type { Order } from '../trust/order.ts';
import { openRun, sealRun } from '../trust/run-record.ts';
import { signOrder } from '../trust/sign-order.ts';
import { signTrust } from '../trust/trust-file.ts';
import { verifyOrder } from '../trust/verify-order.ts';
import { cosignRun } from './cosign-run.ts';
import { signRun, type Sender, type SignedRun } from './dispatch-run.ts';
import { journalOf } from './journal.ts';
import { prepareRun } from './prepare-run.ts';
import { readRunFile, writeRunFile, type WaitingRun } from './run-file.ts';

const fleet = fleetConfig({ roles: { web: { exclude: ['php*'] } }, hosts: { web1: ['web'], web2: ['web'] } });
const now = 1_800_000_000_000;
const [root, ada, bob, stranger] = [makeSigningKey(), makeSigningKey(), makeSigningKey(), makeSigningKey()];
const scope = { tasks: ['*'], hosts: ['*'], notBefore: 0, notAfter: NO_END, revokedAt: null };
const trust = addGrant(
  firstTrust(fleet.fleet, { root: root.id, operator: ada.id }, now),
  { name: 'bob', key: bob.id, ...scope },
  now,
);
const SOMETHING_ELSE = /order 1: it asks for something else than the record of the run/;
const reader = { fleet: fleet.fleet, trust, now: now + 1000 };

type Scene = AsyncDisposable & {
  readonly file: string;
  readonly signed: SignedRun;
  readonly senderOf: (key: typeof ada) => Sender;
  readonly read: (change?: Partial<typeof reader>) => Promise<WaitingRun>;
};

/** A run of apt.remove on two hosts that ada has signed, in a file. */
async function scene(): Promise<Scene> {
  const dir = await mkdtempDisposable(join(tmpdir(), 'celeroot-run-file-'));
  const file = join(dir.path, 'run.json');
  const clock = { now: () => now };
  const senderOf = (key: typeof ada): Sender => ({
    fleet: fleet.fleet,
    key,
    trust: { trust, envelope: signTrust(trust, [root]) },
    journal: journalOf({ journalFile: join(dir.path, 'journal'), fleet: fleet.fleet }, clock),
    by: 'me@here',
    clock,
    randomBytes: (count) => new Uint8Array(count),
  });
  const prepared = prepareRun(fleet, {
    task: 'apt.remove',
    args: { packages: ['nginx'] },
    to: { kind: 'hosts', target: { roles: ['web'], hosts: [], all: false, exclude: [] } },
    dryRun: false,
    expiresInMs: 3_600_000,
    deadlineMs: 60_000,
  });
  const signed = await signRun(prepared, senderOf(ada));
  await writeRunFile(file, signed);
  return {
    file,
    signed,
    senderOf,
    read: async (change = {}) => await readRunFile(file, { ...reader, ...change }),
    [Symbol.asyncDispose]: async () => await dir[Symbol.asyncDispose](),
  };
}

test('a run that waits is its owner’s only, and is not written over', async () => {
  await using set = await scene();
  assert.equal((await stat(set.file)).mode & 0o777, 0o600);
  await assert.rejects(writeRunFile(set.file, set.signed), { code: 'RUN_FILE_INVALID', message: /EEXIST/ });
});

test('a second operator’s signature is added to what the first has signed', async () => {
  await using set = await scene();
  const waiting = await set.read();
  assert.deepEqual(waiting.run, set.signed.run);
  assert.equal(waiting.signedBy, ada.id);

  const { orders, record, run } = await cosignRun(waiting, set.senderOf(bob));

  assert.deepEqual(await openRun(record, { fleet: fleet.fleet, id: run.id, grants: trust.grants }), run);
  for (const { job, to, envelope } of orders) {
    const host = to.kind === 'host' ? to.host : assert.fail();
    const expect = { fleet: fleet.fleet, host, queue: to, job, trust, now, ledgerBirth: 0 };
    const verified = verifyOrder(envelope, expect);
    assert.ok(verified.ok);
    assert.deepEqual(verified.signedBy, [ada.id, bob.id]);
  }
});

test('who has signed cannot be the second too', async () => {
  await using set = await scene();
  await assert.rejects(cosignRun(await set.read(), set.senderOf(ada)), { code: 'SAME_SIGNER' });
});

describe('a file is refused when', () => {
  type Content = { version: number; record: SignedRun['record']; orders: SignedRun['orders'] };
  const cases: readonly (readonly [what: string, (content: Content, set: Scene) => unknown, RegExp])[] = [
    ['it is something else', () => ({ hello: 'there' }), /is no run that waits/],
    ['it has no orders', (content) => ({ ...content, orders: [] }), /is no run that waits/],
    [
      'the record was altered',
      ({ record, ...rest }) => ({ ...rest, record: { ...record, text: record.text.replace('nginx', 'other') } }),
      /is not signed by an operator of this fleet/,
    ],
    [
      'a stranger signed the record',
      (content, { signed }) => ({ ...content, record: sealRun(fleet.fleet, signed.run, stranger) }),
      /is not signed by an operator of this fleet/,
    ],
    ['an order is missing', (content) => ({ ...content, orders: content.orders.slice(1) }), /not one order for each/],
    [
      'an order stands twice',
      ({ orders, ...rest }) => ({ ...rest, orders: [orders[0], orders[0]] }),
      /has an order twice/,
    ],
    [
      'an order goes to another host than it says',
      ({ orders, ...rest }) => ({
        ...rest,
        orders: orders.map((each, index) => ({ ...each, envelope: orders[1 - index]?.envelope })),
      }),
      /order 1: for host web2, this is web1/,
    ],
    [
      'an order asks for more than the record',
      (content, set) => withOrder(content, set, { args: { packages: ['x'] } }),
      SOMETHING_ELSE,
    ],
    [
      'an order is no dry run as the record',
      (content, set) => withOrder(content, set, { dryRun: true }),
      SOMETHING_ELSE,
    ],
    [
      'an order approves a plan',
      (content, set) => withOrder(content, set, { expectedPlan: 'a'.repeat(64) }),
      SOMETHING_ELSE,
    ],
    [
      'an order expires later',
      (content, set) => withOrder(content, set, { expiresAt: now + 7_200_000 }),
      SOMETHING_ELSE,
    ],
    [
      'an order has two signatures already',
      ({ orders, ...rest }, set) => ({
        ...rest,
        orders: orders.map((each, index) => ({ ...each, envelope: signOrder(orderOf(set, index), ada, bob) })),
      }),
      /order 1: other keys have signed it/,
    ],
  ];
  for (const [what, change, message] of cases) {
    test(what, async () => {
      await using set = await scene();
      const content: Content = JSON.parse(await readFile(set.file, 'utf8'));
      await writeFile(set.file, JSON.stringify(change(content, set)));
      await assert.rejects(set.read(), { code: 'RUN_FILE_INVALID', message });
    });
  }

  test('it has expired', async () => {
    await using set = await scene();
    await assert.rejects(set.read({ now: now + 3_600_000 }), {
      code: 'RUN_FILE_INVALID',
      message: /order 1: expired at/,
    });
  });

  test('its signer’s key was revoked before', async () => {
    await using set = await scene();
    await assert.rejects(set.read({ trust: revokeGrant(trust, 'operator', now) }), { code: 'RUN_FILE_INVALID' });
  });

  test('it is not there', async () => {
    await assert.rejects(readRunFile('/nowhere/run.json', reader), { code: 'RUN_FILE_INVALID', message: /ENOENT/ });
  });

  function orderOf({ signed }: Scene, index: number): Order {
    const { job = '', envelope = '' } = signed.orders[index] ?? {};
    const { payload }: { payload: string } = JSON.parse(envelope);
    const order: Order = JSON.parse(Buffer.from(payload, 'base64').toString());
    assert.equal(order.id, job);
    return order;
  }

  function withOrder(content: Content, set: Scene, change: Partial<Order>): Content {
    const [first, ...others] = content.orders;
    const envelope = signOrder({ ...orderOf(set, 0), ...change }, ada);
    return first === undefined ? content : { ...content, orders: [{ ...first, envelope }, ...others] };
  }
});
