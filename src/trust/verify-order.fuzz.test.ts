import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { firstTrust } from './change-trust.ts';
import { makeSigningKey } from './key.ts';
import type { Order } from './order.ts';
import { signOrder } from './sign-order.ts';
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
