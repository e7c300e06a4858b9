import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkText } from '../audit/chain.ts';
import { fleetConfig } from '../../test/support/fleet-config.ts';
import { standing } from '../../test/support/standing.ts';
import { ConnectionError } from '../core/errors.ts';
import { hostNameSchema } from '../core/names.ts';
import { addGrant, firstTrust, NO_END } from '../trust/change-trust.ts';
import { makeSigningKey } from '../trust/key.ts';
import { openRun } from '../trust/run-record.ts';
import { signStandingOrder, type StandingOrder } from '../trust/standing-order.ts';
import { signTrust } from '../trust/trust-file.ts';
import { verifyOrder } from '../trust/verify-order.ts';
import { signRun, submitRun, type SignedRun } from './dispatch-run.ts';
import { journalOf, type Journal } from './journal.ts';
import { prepareRun } from './prepare-run.ts';

const fleet = fleetConfig({ roles: { web: { exclude: ['php*'] } }, hosts: { web1: ['web'], web2: ['web'] } });
const key = makeSigningKey();
const now = 1_800_000_000_000;
const root = makeSigningKey();
const trust = firstTrust(fleet.fleet, { root: root.id, operator: key.id }, now);

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'celeroot-dispatch-'));
});
after(() => rm(folder, { recursive: true }));

function journalIn(file: string): Journal {
  return journalOf({ journalFile: join(folder, file), fleet: fleet.fleet }, { now: () => now });
}

async function signedRun(journal = journalIn('journal')): Promise<SignedRun> {
  const prepared = prepareRun(fleet, {
    task: 'system.ping',
    args: {},
    to: { kind: 'hosts', target: { roles: ['web'], hosts: [], all: false, exclude: [] } },
    dryRun: false,
    expiresInMs: 3_600_000,
    deadlineMs: 60_000,
  });
  const clock = { now: () => now };
  const signed = { trust, envelope: signTrust(trust, [root]) };
  const who = { by: 'me@here', clock, randomBytes: () => new Uint8Array(10) };
  return await signRun(prepared, { fleet: fleet.fleet, key, trust: signed, journal, ...who });
}

test('every host gets an order of its own that it, and no other host, accepts', async () => {
  const { run, orders } = await signedRun();
  assert.deepEqual(
    run.jobs,
    orders.map(({ job, to }) => ({ id: job, to })),
  );
  for (const { job, to, envelope } of orders) {
    for (const host of fleet.hosts.keys()) {
      const isMeant = to.kind === 'host' && to.host === host;
      const expect = { fleet: fleet.fleet, host, queue: to, job, trust, now, ledgerBirth: now };
      const verified = verifyOrder(envelope, expect);
      assert.equal(verified.ok, isMeant);
      if (!verified.ok) continue;
      const { run: orderRun, exclude, expiresAt, deadlineMs } = verified.order;
      assert.deepEqual(
        { run: orderRun, exclude, expiresAt, deadlineMs },
        { run: run.id, exclude: ['php*'], expiresAt: run.expiresAt, deadlineMs: 60_000 },
      );
    }
  }
});

test('when Redis goes away while orders are queued, the error says how far it came', async () => {
  const signed = await signedRun();
  const saved: string[] = [];
  const published: number[] = [];
  const broker = {
    rollouts: { keepOrders: unexpected, saveStep: unexpected, announce: unexpected },
    shownTrust: async () => ({ version: null, envelope: null }),
    trustOf: async () => null,
    publishTrust: async ({ version }: { readonly version: number }) => published.push(version) > 0,
    saveRun: async (run: { readonly id: string }) => void saved.push(run.id),
    release: async (_orders: unknown, onQueued?: (count: number) => void) => {
      onQueued?.(1);
      throw new ConnectionError('BROKER_UNREACHABLE', 'Redis is gone', { hint: 'start it' });
    },
  };
  await assert.rejects(submitRun(broker, signed, 'celeroot --config x'), {
    code: 'BROKER_UNREACHABLE',
    message: `run ${signed.run.id} was sent to at least 1 of its 2 hosts, then: Redis is gone`,
    hint: new RegExp(
      `^start it\nwhen Redis is back: {2}celeroot --config x runs show \\w+, {2}or {2}celeroot --config x runs cancel ${signed.run.id}$`,
    ),
  });
  assert.deepEqual([published, saved], [[1], [signed.run.id]]);
});

test('a run is in the journal before it is sent, and its orders say how far that went', async () => {
  const journal = journalIn('other');
  await signedRun(journal);
  const { orders, run } = await signedRun(journal);
  const { links, broken, head, id } = checkText(await readFile(journal.file, 'utf8'));

  assert.equal(broken, null);
  assert.deepEqual(
    links.map((link) => link?.event).map((event) => Reflect.get(Object(event), 'kind')),
    ['journal-begun', 'run', 'run'],
  );
  assert.partialDeepStrictEqual(links.at(-1)?.event, {
    run: run.id,
    task: 'system.ping',
    hosts: ['web1', 'web2'],
    by: 'me@here',
    key: key.id,
  });
  for (const { envelope, to, job } of orders) {
    const host = to.kind === 'host' ? to.host : assert.fail();
    const expect = { fleet: fleet.fleet, host, queue: to, job, trust, now, ledgerBirth: now };
    const verified = verifyOrder(envelope, expect);
    assert.deepEqual(verified.ok && verified.order.log, { journal: id, ...head });
  }
});

test('without a journal nothing is signed', async () => {
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(signedRun(journalIn('file/journal')), { code: 'JOURNAL_UNUSABLE', exitCode: 3 });
});

test('a slot of a standing order is signed for each of its hosts, twice under the same ids', async () => {
  const [scheduler, slot] = [makeSigningKey(), Math.floor(now / 60_000) * 60_000];
  const scope = { tasks: ['*'], hosts: ['*'], notBefore: 0, notAfter: NO_END, revokedAt: null };
  const known = addGrant(trust, { name: 'clock', kind: 'scheduler', key: scheduler.id, ...scope }, now);
  const of: StandingOrder = {
    ...standing,
    fleet: fleet.fleet,
    to: { hosts: ['@web'], except: ['web2'] },
    task: 'system.ping',
    args: {},
    notBefore: slot,
    notAfter: slot + 60_000,
  };
  const fires = { request: signStandingOrder(of, key), standing: of, slot };
  const who = { by: 'scheduler@here', clock: { now: () => now }, randomBytes: () => new Uint8Array(10) };
  const fire = async (journal: string): Promise<SignedRun> =>
    await signRun(
      prepareRun(fleet, {
        task: of.task,
        args: of.args,
        to: { kind: 'hosts', target: { roles: ['web'], hosts: [], all: false, exclude: ['web2'] } },
        dryRun: false,
        ...of.limits,
      }),
      {
        fleet: fleet.fleet,
        key: scheduler,
        trust: { trust: known, envelope: signTrust(known, [root]) },
        journal: journalIn(journal),
        ...who,
      },
      fires,
    );

  const { run, record, orders } = await fire('slot');

  assert.equal(run.target, 'role web, without web2');
  assert.deepEqual(run.slot, { schedule: 'nightly', at: slot });
  assert.deepEqual(await openRun(record, { fleet: fleet.fleet, id: run.id, grants: known.grants }), run);
  const [{ job, to, envelope } = assert.fail(), ...others] = orders;
  assert.equal(others.length, 0);
  const host = hostNameSchema.parse('web1');
  const expect = { fleet: fleet.fleet, host, queue: to, job, trust: known, now, ledgerBirth: slot };
  const verified = verifyOrder(envelope, expect);
  assert.ok(verified.ok);
  assert.deepEqual(verified.fires?.signedBy, [key.id]);
  assert.deepEqual(
    (await fire('another')).orders.map((each) => each.job),
    [job],
  );
});

function unexpected(): Promise<void> {
  return Promise.reject(new Error('this is no roll-out'));
}
