import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema, queueNameSchema, roleNameSchema } from '../core/names.ts';
import { NO_WORD, ownerPolicySchema } from '../core/owner-policy.ts';
import { TASKS } from '../tasks/registry.ts';
import { firstTrust, revokeGrant } from '../trust/change-trust.ts';
import { makeSigningKey } from '../trust/key.ts';
import type { Order } from '../trust/order.ts';
import { signOrder } from '../trust/sign-order.ts';
import { admitOrder, type Candidate } from './admit-order.ts';
import type { HostPolicy } from './host-policy.ts';

const NOW = Date.UTC(2026, 10, 23);
const key = makeSigningKey();
const fleet = fleetNameSchema.parse('lab');
const host = hostNameSchema.parse('web1');
const trust = firstTrust(fleet, { root: makeSigningKey().id, operator: key.id }, NOW);
const run = makeRunId(NOW, new Uint8Array(10));
const web = queueNameSchema.parse('web');
const db = queueNameSchema.parse('db');
const order: Order = {
  fleet,
  id: jobIdFor(run, host),
  run,
  to: { kind: 'host', host },
  trust: 1,
  issuedAt: NOW,
  expiresAt: NOW + 3_600_000,
  task: 'system.ping',
  args: {},
  dryRun: true,
  exclude: ['linux-image-*', 'nginx'],
  expectedPlan: null,
  deadlineMs: 60_000,
  by: 'ada@controller',
  log: null,
};
const policy: HostPolicy = {
  fleet,
  host,
  roots: trust.roots,
  leastTrust: 1,
  roles: [
    { name: roleNameSchema.parse('web'), queues: [web], tasks: ['system.*'], exclude: ['nginx', 'php*'] },
    { name: roleNameSchema.parse('db'), queues: [db], tasks: ['apt.*'], exclude: [] },
  ],
};

const held = { policy, owner: NO_WORD, trust, from: null, now: NOW, hasBegun: false, ledgerBirth: 0 };

function admit(change: Partial<Order>, candidate: Partial<Candidate> = {}): string {
  const envelope = signOrder({ ...order, ...change }, key);
  const admitted = admitOrder({ ...held, envelope, ...candidate });
  return admitted.ok ? 'admitted' : `${admitted.code}${admitted.answerable === null ? '' : ', told'}`;
}

const anyOf = (queue: typeof web): Partial<Order> => ({ to: { kind: 'any', queue }, id: jobIdFor(run, null) });

describe('an order is', () => {
  test('admitted with what its task needs to know, the exclusions of order and host together', () => {
    const envelope = signOrder(order, key);
    const admitted = admitOrder({ ...held, envelope });

    assert.ok(admitted.ok);
    assert.equal(admitted.task.name, 'system.ping');
    assert.deepEqual(admitted.context, {
      job: order.id,
      dryRun: true,
      exclude: ['linux-image-*', 'nginx', 'php*'],
      deny: [],
      expectedPlan: null,
    });
  });

  const begun = { trust: revokeGrant(trust, 'operator', NOW + 1), hasBegun: true };

  test('admitted to be finished when its key was revoked after it began', () => {
    assert.equal(admit({}, begun), 'admitted');
    assert.equal(admit({}, { ...begun, policy: { ...policy, leastTrust: 2 } }), 'admitted');
  });

  test('admitted for any host of a role that allows its task', () => assert.equal(admit(anyOf(web)), 'admitted'));

  const wantsNewer = { ...policy, leastTrust: 2 };
  const refusals: readonly (readonly [why: string, verdict: string, Partial<Order>, Partial<Candidate>?])[] = [
    ['when only another role of the host allows its task', 'TASK_NOT_ALLOWED, told', anyOf(db)],
    ['when no role of the host serves its queue', 'WRONG_QUEUE, told', anyOf(queueNameSchema.parse('mail'))],
    ['when its task is unknown', 'UNKNOWN_TASK, told', { task: 'system.halt' }],
    ['when its task is a name of every object', 'UNKNOWN_TASK, told', { task: 'constructor' }],
    ['when its arguments do not fit', 'INVALID_ARGUMENTS, told', { args: { loud: true } }],
    ['when the host has no roles', 'TASK_NOT_ALLOWED, told', {}, { policy: { ...policy, roles: [] } }],
    ['when its signer is not in the trust file', 'UNKNOWN_KEY', {}, { trust: { ...trust, grants: [] } }],
    ['when there is no trust file', 'UNKNOWN_KEY', {}, { trust: null }],
    ['when its key was revoked', 'KEY_REVOKED, told', {}, { trust: revokeGrant(trust, 'operator', NOW + 1) }],
    ['when it had begun after its key was revoked', 'KEY_REVOKED, told', {}, { ...begun, now: NOW + 2 }],
    ['when the trust file has expired', 'TRUST_EXPIRED, told', {}, { trust: { ...trust, expiresAt: NOW } }],
    ['when it wants a newer trust file', 'TRUST_TOO_OLD, told', { trust: 2 }],
    ['when the host was told of a newer trust file', 'TRUST_TOO_OLD, told', {}, { policy: wantsNewer }],
    ['when it has expired', 'EXPIRED, told', {}, { now: order.expiresAt }],
  ];
  const install = { task: 'apt.install', args: { packages: ['jq'] }, dryRun: false };
  const owner = (policy: object): Partial<Candidate> => ({
    owner: { policy: ownerPolicySchema.parse({ version: 1, ...policy }), problem: null, given: true },
  });
  const hour = (from: number): string => `${String((new Date(NOW).getHours() + from) % 24).padStart(2, '0')}:00`;
  const later = owner({ hours: [{ from: hour(2), to: hour(3) }] });
  const vetoes: readonly (readonly [why: string, verdict: string, Partial<Order>, Partial<Candidate>])[] = [
    ['that the host’s owner denies', 'POLICY_DENIED, told', {}, owner({ deny: { tasks: ['system.*'] } })],
    [
      'for which the host’s owner wants two to sign',
      'SECOND_SIGNER_NEEDED, told',
      install,
      owner({ two_signers: ['*'] }),
    ],
    ['at an hour at which the host’s owner lets nothing begin', 'OUTSIDE_HOURS, told', install, later],
    ['had it begun, at such an hour', 'admitted', install, { ...later, hasBegun: true }],
    [
      'while the owner’s policy cannot be read',
      'POLICY_UNUSABLE, told',
      install,
      { owner: { policy: null, problem: 'no' } },
    ],
    [
      'that only looks, while the owner’s policy cannot be read',
      'admitted',
      {},
      { owner: { policy: null, problem: 'no' } },
    ],
  ];
  for (const [what, verdict, change, candidate] of vetoes) {
    test(`${verdict}: ${what}`, () => assert.equal(admit(change, candidate), verdict));
  }

  test('admitted with the packages that the host’s owner denies, which upgrades leave out', () => {
    const envelope = signOrder({ ...order, exclude: [] }, key);
    const admitted = admitOrder({ ...held, envelope, ...owner({ deny: { packages: ['linux-*'] } }) });

    assert.ok(admitted.ok);
    assert.deepEqual(admitted.context.deny, ['linux-*']);
    assert.deepEqual(admitted.context.exclude, ['nginx', 'php*', 'linux-*']);
  });

  for (const [why, verdict, change, candidate] of refusals) {
    test(`refused ${why}`, () => assert.equal(admit(change, candidate), verdict));
  }

  test('refused whatever it asks for that is no task of this program', () => {
    const near = fc
      .tuple(fc.constantFrom(...TASKS.map(({ name }) => name)), fc.nat(20), fc.string({ maxLength: 3 }))
      .map(([name, at, put]) => name.slice(0, at) + put + name.slice(at + 1));
    const shell = fc.constantFrom('shell.run', 'cmd.run', 'exec', '../apt.install', 'apt.install; id', 'APT.INSTALL');
    fc.assert(
      fc.property(fc.oneof(near, shell, fc.string({ maxLength: 64 })), (task) => {
        if (TASKS.some(({ name }) => name === task)) return;
        assert.equal(admit({ task: task.slice(0, 64) }), 'UNKNOWN_TASK, told');
      }),
      { numRuns: 500 * Number(process.env['CELEROOT_FUZZ'] ?? 1) },
    );
  });
});
