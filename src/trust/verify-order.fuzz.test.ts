import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { firedOrder, SLOT, standing } from '../../test/support/standing.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { sealEnvelope } from './dsse.ts';
import { addGrant, firstTrust, NO_END } from './change-trust.ts';
import { makeSigningKey } from './key.ts';
import { ORDER_TYPE, type Order } from './order.ts';
import { signOrder } from './sign-order.ts';
import { STANDING_ORDER_TYPE } from './standing-order.ts';
import { verifyOrder, type Expected } from './verify-order.ts';

/** A quarter of a hundred thousand take some two seconds; `CELEROOT_FUZZ=40` makes a million. */
const MUTANTS = 25_000 * Number(process.env['CELEROOT_FUZZ'] ?? 1);
const NOW = Date.UTC(2026, 10, 23, 12);

const key = makeSigningKey();
const fleet = fleetNameSchema.parse('lab');
const host = hostNameSchema.parse('web1');
const trust = firstTrust(fleet, { root: makeSigningKey().id, operator: key.id }, NOW);
const run = makeRunId(NOW, new Uint8Array(10));
const order: Order = {
  fleet,
  id: jobIdFor(run, host),
  run,
  to: { kind: 'host', host },
  trust: 1,
  issuedAt: NOW,
  expiresAt: NOW + 3_600_000,
  task: 'apt.install',
  args: { packages: ['nginx', 'jq=1.6-2.1'] },
  dryRun: false,
  exclude: ['linux-image-*'],
  expectedPlan: null,
  deadlineMs: 60_000,
  by: 'ada@controller',
  log: null,
};
const expected: Expected = {
  fleet,
  host,
  queue: order.to,
  job: order.id,
  trust,
  now: NOW,
  ledgerBirth: 0,
};
const envelope = signOrder(order, key);
const parts: { payloadType: string; payload: string; signatures: [{ keyid: string; sig: string }] } =
  JSON.parse(envelope);

/** One verdict for every mutant: refused, with a code, without an exception, without naming an order. */
function assertRefused(text: string): void {
  const verified = verifyOrder(text, expected);
  assert.ok(!verified.ok, text);
  assert.equal(verified.answerable, null);
}

/** The envelope around other signed bytes, with the signature of the true ones. */
function withPayload(payload: string): string {
  return JSON.stringify({ ...parts, payload: Buffer.from(payload).toString('base64') });
}

function holds(share: number, mutant: fc.Arbitrary<string>): void {
  const numRuns = Math.ceil(MUTANTS * share);
  fc.assert(
    fc.property(
      mutant.filter((text) => text !== envelope),
      assertRefused,
    ),
    { numRuns },
  );
}

const somewhere = fc.nat(envelope.length - 1);
const hostile = fc.constantFrom<unknown>(null, '', 0, -1, 1e308, 2 ** 53, [], {}, true, 'web2', '../..', '\u0000', [
  [],
]);
const orderKey = fc.constantFrom(...Object.keys(order));

describe('no altered order is accepted, and none throws, when', () => {
  test('a bit of it is flipped', () => {
    const flipped = fc.tuple(somewhere, fc.nat(6)).map(([at, bit]) => {
      const code = envelope.charCodeAt(at) ^ (1 << bit);
      return envelope.slice(0, at) + String.fromCharCode(code) + envelope.slice(at + 1);
    });
    holds(0.5, flipped);
  });

  test('a stretch of it is lost, doubled or put elsewhere', () => {
    const spliced = fc.tuple(somewhere, somewhere, fc.constantFrom(0, 2, 3)).map(([one, other, times]) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other) + 1];
      return envelope.slice(0, from) + envelope.slice(from, to).repeat(times) + envelope.slice(to);
    });
    holds(0.25, spliced);
  });

  test('a field of the signed order is another', () => {
    const swapped = fc
      .tuple(orderKey, hostile)
      .map(([name, value]) => withPayload(JSON.stringify({ ...order, [name]: value })));
    holds(0.1, swapped);
  });

  test('a field of the signed order stands twice', () => {
    const doubled = fc.tuple(orderKey, hostile).map(([name, value]) => {
      return withPayload(JSON.stringify(order).replace('{', `{${JSON.stringify(name)}:${JSON.stringify(value)},`));
    });
    holds(0.05, doubled);
  });

  test('the envelope is of other JSON', () => {
    const envelopes = fc.record(
      {
        payloadType: fc.oneof(fc.constant(parts.payloadType), fc.string()),
        payload: fc.oneof(fc.constant(parts.payload), fc.base64String()),
        signatures: fc.array(fc.record({ keyid: fc.constantFrom(key.id, ''), sig: fc.base64String() }), {
          maxLength: 2,
        }),
      },
      { requiredKeys: [] },
    );
    holds(
      0.05,
      fc.oneof(
        envelopes.map((value) => JSON.stringify(value)),
        fc.json(),
      ),
    );
  });

  test('it is any text', () => holds(0.05, fc.string({ maxLength: 2000 })));
});

/** Here the adversary has the scheduler's key and signs what he likes with it. */
describe('no order that a stolen scheduler’s key signs is accepted, and none throws, when', () => {
  const scheduler = makeSigningKey();
  const scope = { tasks: ['*'], hosts: ['*'], notBefore: 0, notAfter: NO_END, revokedAt: null };
  const known = addGrant(trust, { name: 'clock', kind: 'scheduler', key: scheduler.id, ...scope }, NOW);
  const fired = firedOrder(key);
  const request = fired.firing?.request ?? '';
  const expect = { ...expected, trust: known, now: fired.issuedAt, job: null, ledgerBirth: SLOT - 1 };
  const judge = (order: unknown): ReturnType<typeof verifyOrder> =>
    verifyOrder(sealEnvelope(ORDER_TYPE, JSON.stringify(order), scheduler), expect);
  const refused = (order: unknown): void => {
    const verified = judge(order);
    assert.ok(!verified.ok, JSON.stringify(order));
  };
  const withRequest = (text: string): unknown => ({ ...fired, firing: { request: text, slot: SLOT } });
  const check = (share: number, mutant: fc.Arbitrary<unknown>): void =>
    fc.assert(fc.property(mutant, refused), { numRuns: Math.ceil(MUTANTS * share) });
  const envelopeOf = (value: unknown): string => sealEnvelope(STANDING_ORDER_TYPE, JSON.stringify(value), scheduler);
  const trueParts: typeof parts = JSON.parse(request);
  const spot = fc.nat(request.length - 1);

  test('it is the true one, it is accepted', () => assert.ok(judge(fired).ok));

  test('a bit of the standing order is flipped', () => {
    const flipped = fc.tuple(spot, fc.nat(6)).map(([at, bit]) => {
      const code = request.charCodeAt(at) ^ (1 << bit);
      return withRequest(request.slice(0, at) + String.fromCharCode(code) + request.slice(at + 1));
    });
    check(0.2, flipped);
  });

  test('a stretch of the standing order is lost, doubled or put elsewhere', () => {
    const spliced = fc.tuple(spot, spot, fc.constantFrom(0, 2, 3)).map(([one, other, times]) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other) + 1];
      return withRequest(request.slice(0, from) + request.slice(from, to).repeat(times) + request.slice(to));
    });
    check(0.1, spliced);
  });

  test('a field of the standing order is another, under the operator’s signature', () => {
    const swapped = fc
      .tuple(fc.constantFrom(...Object.keys(standing)), hostile)
      .map(([name, value]) => Buffer.from(JSON.stringify({ ...standing, [name]: value })).toString('base64'))
      .map((payload) => withRequest(JSON.stringify({ ...trueParts, payload })));
    check(0.1, swapped);
  });

  test('the standing order is any text, or JSON', () => {
    check(0.05, fc.oneof(fc.string({ maxLength: 2000 }), fc.json()).map(withRequest));
  });

  test('the standing order has one more signature, which does not hold', () => {
    const more = fc.base64String({ minLength: 4 }).map((sig) => {
      const signatures = [...trueParts.signatures, { keyid: scheduler.id, sig }];
      return withRequest(JSON.stringify({ ...trueParts, signatures }));
    });
    check(0.05, more);
  });

  test('a field of the order that the operator has said is another', () => {
    const free = new Set(['exclude', 'by', 'trust', 'log', 'issuedAt', 'expiresAt']);
    const said = Object.keys(fired).filter((name) => !free.has(name));
    const swapped = fc
      .tuple(fc.constantFrom(...said), fc.oneof(hostile, fc.jsonValue()))
      .filter(([name, value]) => JSON.stringify(Reflect.get(fired, name)) !== JSON.stringify(value))
      .map(([name, value]) => ({ ...fired, [name]: value }));
    check(0.2, swapped);
  });

  test('the standing order is his own, whatever it says: no operator has signed it', () => {
    const own = fc
      .tuple(fc.constantFrom(...Object.keys(standing)), hostile)
      .map(([name, value]) => envelopeOf({ ...standing, [name]: value }));
    const mayBeSeen = fc.property(own, (text) => {
      const verified = judge(withRequest(text));
      if (verified.ok) assert.deepEqual(verified.fires?.signedBy, [scheduler.id], 'an operator’s is forged');
    });
    fc.assert(mayBeSeen, { numRuns: Math.ceil(MUTANTS * 0.02) });
  });
});

test('ten thousand orders are signed and each holds for its own host only', () => {
  const other = hostNameSchema.parse('db1');
  for (let index = 0; index < 10_000; index += 1) {
    const name = hostNameSchema.parse(`host${index}`);
    const own = { ...order, to: { kind: 'host', host: name }, id: jobIdFor(run, name) } as const;
    const text = signOrder(own, key);
    if (index % 100 > 0) continue;
    assert.ok(verifyOrder(text, { ...expected, host: name, queue: own.to, job: own.id }).ok);
    assert.ok(!verifyOrder(text, { ...expected, host: other, queue: own.to, job: own.id }).ok);
  }
});
