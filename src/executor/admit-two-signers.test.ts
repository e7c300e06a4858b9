import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firedOrder, SLOT, standing } from '../../test/support/standing.ts';
import { hostNameSchema, roleNameSchema } from '../core/names.ts';
import { ownerPolicySchema } from '../core/owner-policy.ts';
import { addGrant, firstTrust, NO_END, revokeGrant } from '../trust/change-trust.ts';
import { makeSigningKey, type SigningKey } from '../trust/key.ts';
import type { Order } from '../trust/order.ts';
import { cosignOrder, signOrder } from '../trust/sign-order.ts';
import { signStandingOrder } from '../trust/standing-order.ts';
import type { Grant } from '../trust/trust-file.ts';
import { admitOrder } from './admit-order.ts';

const keys = { ada: makeSigningKey(), bob: makeSigningKey(), pings: makeSigningKey(), clock: makeSigningKey() };
const { ada, bob, pings, clock } = keys;
const scope = { tasks: ['*'], hosts: ['*'], notBefore: 0, notAfter: NO_END, revokedAt: null };
const grants: readonly Grant[] = [
  { ...scope, name: 'bob', key: bob.id },
  { ...scope, name: 'pings', key: pings.id, tasks: ['system.ping'] },
  { ...scope, name: 'clock', kind: 'scheduler', key: clock.id },
];
const trust = grants.reduce(
  (known, grant) => addGrant(known, grant, SLOT),
  firstTrust(standing.fleet, { root: makeSigningKey().id, operator: ada.id }, SLOT),
);
const held = {
  policy: {
    fleet: standing.fleet,
    host: hostNameSchema.parse('web1'),
    roots: trust.roots,
    leastTrust: 1,
    roles: [{ name: roleNameSchema.parse('web'), queues: [], tasks: ['*'], exclude: [] }],
  },
  owner: {
    policy: ownerPolicySchema.parse({ version: 1, two_signers: ['apt.install'] }),
    problem: null,
    given: true,
  } as const,
  trust,
  from: null,
  now: SLOT + 2000,
  hasBegun: false,
  ledgerBirth: 0,
};
const { firing: _, ...order } = firedOrder(ada);

function judge(envelope: string, of = trust): string {
  const admitted = admitOrder({ ...held, trust: of, envelope });
  return admitted.ok ? `admitted: ${[admitted.key, ...admitted.also].map(nameOf).join(', ')}` : admitted.code;
}

function nameOf(key: string): string {
  return Object.entries(keys).find(([, { id }]) => id === key)?.[0] ?? 'nobody';
}

describe('where the owner of a host wants two operators to sign', () => {
  const cases: readonly (readonly [what: string, verdict: string, () => string])[] = [
    ['one is not enough', 'SECOND_SIGNER_NEEDED', () => judge(signOrder(order, ada))],
    ['two are', 'admitted: ada, bob', () => judge(signOrder(order, ada, bob))],
    ['one after the other too', 'admitted: bob, ada', () => judge(cosignOrder(signOrder(order, bob), ada))],
    ['twice the same is none', 'MALFORMED', () => judge(signOrder(order, ada, ada))],
    ['three are too many', 'MALFORMED', () => judge(signOrder(order, ada, bob, pings))],
    ['a stranger is none', 'UNKNOWN_KEY', () => judge(signOrder(order, ada, makeSigningKey()))],
    ['who may not ask for the task is none', 'NOT_GRANTED', () => judge(signOrder(order, ada, pings))],
    ['a scheduler is none', 'WRONG_KIND', () => judge(signOrder(order, ada, clock))],
    ['whose key was revoked is none', 'KEY_REVOKED', () => judge(signOrder(order, ada, bob), revoked('bob'))],
    ['nor when it is the first', 'KEY_REVOKED', () => judge(signOrder(order, bob, ada), revoked('bob'))],
    ['a signature of another order does not hold', 'BAD_SIGNATURE', () => judge(withForeignSecond())],
    [
      'another task needs no second',
      'admitted: ada',
      () => judge(signOrder({ ...order, task: 'system.ping', args: {} }, ada)),
    ],
    ['one under a standing order is not enough', 'SECOND_SIGNER_NEEDED', () => judge(signOrder(fired(ada), clock))],
    ['two under a standing order are', 'admitted: clock, ada, bob', () => judge(signOrder(fired(ada, bob), clock))],
  ];
  for (const [what, verdict, act] of cases) test(what, () => assert.equal(act(), verdict));

  function revoked(name: string): typeof trust {
    return revokeGrant(trust, name, SLOT + 1);
  }

  function withForeignSecond(): string {
    type Envelope = { signatures: { keyid: string; sig: string }[] };
    const own: Envelope = JSON.parse(signOrder(order, ada));
    const other: Envelope = JSON.parse(signOrder({ ...order, args: { packages: ['nginx'] } }, bob));
    return JSON.stringify({ ...own, signatures: [...own.signatures, ...other.signatures] });
  }

  function fired(...operators: readonly SigningKey[]): Order {
    return { ...firedOrder(ada), firing: { request: signStandingOrder(standing, ...operators), slot: SLOT } };
  }
});
