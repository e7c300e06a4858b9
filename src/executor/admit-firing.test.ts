import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firedOrder, SLOT, standing } from '../../test/support/standing.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema, queueNameSchema, roleNameSchema, scheduleNameSchema } from '../core/names.ts';
import { NO_WORD } from '../core/owner-policy.ts';
import { addGrant, firstTrust, NO_END, revokeGrant } from '../trust/change-trust.ts';
import { makeSigningKey, type SigningKey } from '../trust/key.ts';
import type { Order } from '../trust/order.ts';
import { signOrder } from '../trust/sign-order.ts';
import { MAX_STANDING_MS, signStandingOrder, type StandingOrder } from '../trust/standing-order.ts';
import type { Grant } from '../trust/trust-file.ts';
import { admitOrder, type Candidate } from './admit-order.ts';

const MINUTE = 60_000;
const [operator, ada, scheduler, release, stranger] = [1, 2, 3, 4, 5].map(() => makeSigningKey()) as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
];
const { fleet } = standing;
const host = hostNameSchema.parse('web1');
const everything = { tasks: ['*'], hosts: ['*'], notBefore: 0, notAfter: NO_END, revokedAt: null };
const grants: readonly Grant[] = [
  { ...everything, name: 'ada', key: ada.id, tasks: ['system.*'] },
  { ...everything, name: 'clock', kind: 'scheduler', key: scheduler.id },
  { ...everything, name: 'builds', kind: 'release', key: release.id },
];
const trust = grants.reduce(
  (known, grant) => addGrant(known, grant, SLOT),
  firstTrust(fleet, { root: stranger.id, operator: operator.id }, SLOT),
);
const role = { name: roleNameSchema.parse('web'), queues: [queueNameSchema.parse('web')], tasks: ['*'], exclude: [] };
const held = {
  policy: { fleet, host, roots: trust.roots, leastTrust: 1, roles: [role] },
  owner: NO_WORD,
  trust,
  from: null,
  now: SLOT + 2000,
  hasBegun: false,
  ledgerBirth: SLOT - 60 * MINUTE,
};

/** The verdict on what a scheduler signs; `change` is to its order, `of` to what the operator has signed. */
function verdict(change: Partial<Order>, of: Partial<StandingOrder> = {}, other: Partial<Candidate> = {}): string {
  const order = { ...firedOrder(operator, { ...standing, ...of }), ...change };
  return judge(signOrder(order, scheduler), other);
}

function judge(envelope: string, other: Partial<Candidate> = {}): string {
  const admitted = admitOrder({ ...held, envelope, ...other });
  return admitted.ok ? 'admitted' : admitted.code;
}

/** The order of another standing order, over the same slot. */
function withRequest(request: string, slot = SLOT): Order {
  return { ...firedOrder(operator, standing, slot), firing: { request, slot } };
}

describe('an order that a scheduler signs is', () => {
  test('admitted when it is what an operator’s standing order says', () => {
    const admitted = admitOrder({ ...held, envelope: signOrder(firedOrder(operator), scheduler) });
    assert.ok(admitted.ok);
    assert.equal(admitted.key, scheduler.id);
    assert.equal(admitted.task.name, 'apt.install');
  });

  test('admitted when it keeps more out of upgrades', () => assert.equal(verdict({ exclude: ['nginx'] }), 'admitted'));

  test('admitted when it ends sooner', () => assert.equal(verdict({ expiresAt: SLOT + 3000 }), 'admitted'));

  test('admitted by a role that the host has', () =>
    assert.equal(verdict({}, { to: { hosts: ['@web'], except: ['web2'] } }), 'admitted'));

  const { firing: _, ...bare } = firedOrder(operator);
  const toAny = { to: { kind: 'any', queue: queueNameSchema.parse('web') }, id: jobIdFor(bare.run, null) } as const;
  const refusals: readonly (readonly [why: string, code: string, () => string])[] = [
    ['it carries no standing order', 'WRONG_KIND', () => judge(signOrder(bare, scheduler))],
    ['it is for another task', 'NOT_REQUESTED', () => verdict({ task: 'apt.remove' })],
    ['it has other arguments', 'NOT_REQUESTED', () => verdict({ args: { packages: ['nginx'] } })],
    ['it is no dry run although that is asked', 'NOT_REQUESTED', () => verdict({ dryRun: false }, { dryRun: true })],
    ['it has more time', 'NOT_REQUESTED', () => verdict({ deadlineMs: 61_000 })],
    ['it expires later', 'NOT_REQUESTED', () => verdict({ expiresAt: SLOT + 7 * 24 * 60 * MINUTE })],
    ['it is for any host of a queue', 'NOT_REQUESTED', () => verdict(toAny)],
    ['it approves a plan', 'NOT_REQUESTED', () => verdict({ expectedPlan: 'a'.repeat(64) })],
    [
      'the standing order is for other hosts',
      'NOT_REQUESTED',
      () => verdict({}, { to: { hosts: ['db*', '@mail'], except: [] } }),
    ],
    [
      'the standing order leaves the host out',
      'NOT_REQUESTED',
      () => verdict({}, { to: { hosts: ['*'], except: ['@web'] } }),
    ],
    [
      'the standing order is of another fleet',
      'NOT_REQUESTED',
      () => {
        const foreign = { ...standing, fleet: fleetNameSchema.parse('other') };
        return judge(signOrder(withRequest(signStandingOrder(foreign, operator)), scheduler));
      },
    ],
    ['its slot is before the first', 'SLOT_OUTSIDE', () => verdict({}, { notBefore: SLOT + MINUTE })],
    ['its slot is the end of the time', 'SLOT_OUTSIDE', () => verdict({}, { notAfter: SLOT })],
    [
      'its slot is none of its interval',
      'SLOT_OUTSIDE',
      () => verdict({}, { slots: { anchor: SLOT + 1000, everyMs: 60 * MINUTE } }),
    ],
    [
      'its slot is no whole minute',
      'SLOT_OUTSIDE',
      () => judge(signOrder(firedOrder(operator, standing, SLOT + 1000), scheduler)),
    ],
    [
      'it comes too late for its slot',
      'SLOT_OUTSIDE',
      () => verdict(at(SLOT + 61 * MINUTE), {}, { now: SLOT + 61 * MINUTE }),
    ],
    ['it comes before its slot', 'SLOT_OUTSIDE', () => verdict(at(SLOT - 3 * MINUTE))],
    ['its slot is older than the ledger', 'BEFORE_LEDGER', () => verdict({}, {}, { ledgerBirth: SLOT + 1 })],
    [
      'its id is another than that of the slot',
      'MALFORMED',
      () => {
        const run = makeRunId(SLOT, new Uint8Array(10));
        return verdict({ run, id: jobIdFor(run, host) });
      },
    ],
    [
      'its id is that of another schedule',
      'MALFORMED',
      () => verdict({ firing: { request: requestOf({ schedule: scheduleNameSchema.parse('weekly') }), slot: SLOT } }),
    ],
    [
      'its id is that of a step',
      'MALFORMED',
      () => verdict({ firing: { request: requestOf({ step: 1 }), slot: SLOT } }),
    ],
    [
      'it is a step, and its id that of another',
      'MALFORMED',
      () => verdict({ firing: { request: requestOf({ step: 1 }), slot: SLOT } }, { step: 2 }),
    ],
    ['a stranger signed the standing order', 'UNKNOWN_KEY', () => requestBy(stranger)],
    ['a scheduler signed the standing order', 'WRONG_KIND', () => requestBy(scheduler)],
    ['a release key signed the standing order', 'WRONG_KIND', () => requestBy(release)],
    ['its operator may not ask for the task', 'NOT_GRANTED', () => requestBy(ada)],
    ['one of two operators may not ask for the task', 'NOT_GRANTED', () => requestBy(operator, ada)],
    ['its operator’s key was revoked', 'KEY_REVOKED', () => verdict({}, {}, without('operator'))],
    ['its scheduler’s key was revoked', 'KEY_REVOKED', () => verdict({}, {}, without('clock'))],
    ['the standing order was altered', 'BAD_SIGNATURE', () => judge(signOrder(withRequest(altered()), scheduler))],
    ['the standing order is none', 'MALFORMED', () => judge(signOrder(withRequest('run it'), scheduler))],
    [
      'the standing order is an order',
      'MALFORMED',
      () => judge(signOrder(withRequest(signOrder(bare, operator)), scheduler)),
    ],
    ['two schedulers signed it', 'MALFORMED', () => judge(signOrder(firedOrder(operator), scheduler, operator))],
    ['an operator signed it', 'WRONG_KIND', () => judge(signOrder(firedOrder(operator), operator))],
  ];
  for (const [why, code, act] of refusals) test(`refused when ${why}`, () => assert.equal(act(), code));

  function requestBy(...keys: readonly SigningKey[]): string {
    return judge(signOrder(withRequest(signStandingOrder(standing, ...keys)), scheduler));
  }

  function requestOf(of: Partial<StandingOrder>): string {
    return signStandingOrder({ ...standing, ...of }, operator);
  }

  function altered(): string {
    const envelope = JSON.parse(requestOf({})) as { payload: string };
    const payload = Buffer.from(JSON.stringify({ ...standing, task: 'apt.remove' })).toString('base64');
    return JSON.stringify({ ...envelope, payload });
  }

  function at(issuedAt: number): Partial<Order> {
    return { issuedAt, expiresAt: issuedAt + standing.limits.expiresInMs };
  }

  function without(name: string): Partial<Candidate> {
    return { trust: revokeGrant(trust, name, SLOT + 1) };
  }
});

test('a release key signs no order', () => {
  const { firing: _, ...order } = firedOrder(operator);
  assert.equal(judge(signOrder(order, operator)), 'admitted');
  assert.equal(judge(signOrder(order, release)), 'WRONG_KIND');
});

test('no standing order is signed that stands for more than a year, or whose slots stay open for more than a week', () => {
  const tooLong = { ...standing, notAfter: standing.notBefore + MAX_STANDING_MS + 1 };
  const tooOpen = { ...standing, limits: { ...standing.limits, lateMs: 6 * 24 * 60 * MINUTE + 1 } };
  for (const bad of [tooLong, tooOpen]) assert.throws(() => signStandingOrder(bad, operator));
});

test('a slot is the same run whoever fires it, and no other slot or schedule is', () => {
  const other = { ...standing, task: 'apt.upgrade', args: {} };
  assert.equal(firedOrder(operator).id, firedOrder(ada, other).id);
  assert.notEqual(firedOrder(operator).id, firedOrder(operator, standing, SLOT + MINUTE).id);
  const weekly = { ...standing, schedule: scheduleNameSchema.parse('weekly') };
  assert.notEqual(firedOrder(operator).id, firedOrder(operator, weekly).id);
});

test('each step of a roll-out is a run of its own, which its own standing order lets a scheduler fire', () => {
  const ids = [1, 2, 11].map((step) => firedOrder(operator, { ...standing, step }).id);
  assert.equal(new Set([firedOrder(operator).id, ...ids]).size, 4);
  assert.equal(verdict({}, { step: 2 }), 'admitted');
});
