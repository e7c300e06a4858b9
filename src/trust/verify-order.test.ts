import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema, queueNameSchema } from '../core/names.ts';
import type { RefusalCode } from '../core/report.ts';
import type { Destination } from '../core/run.ts';
import { firstTrust } from './change-trust.ts';
import { makeSigningKey } from './key.ts';
import { CANCEL_TYPE, ORDER_TYPE, type Order } from './order.ts';
import { signCancel, signOrder } from './sign-order.ts';
import { verifyCancel, verifyOrder, type Expected } from './verify-order.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const HOUR = 3_600_000;
const key = makeSigningKey();
const fleet = fleetNameSchema.parse('lab');
const web1 = hostNameSchema.parse('web1');
const trust = firstTrust(fleet, { root: makeSigningKey().id, operator: key.id }, NOW);
const [grant = assert.fail()] = trust.grants;
const run = makeRunId(NOW, new Uint8Array(10));
const toWeb1: Destination = { kind: 'host', host: web1 };
const toAnyWeb: Destination = { kind: 'any', queue: queueNameSchema.parse('web') };

const order: Order = {
  fleet,
  id: jobIdFor(run, web1),
  run,
  to: toWeb1,
  trust: 1,
  issuedAt: NOW,
  expiresAt: NOW + 24 * HOUR,
  task: 'system.ping',
  args: {},
  dryRun: false,
  exclude: [],
  expectedPlan: null,
  deadlineMs: 60_000,
  by: 'ada@controller',
  log: null,
};
const expected: Expected = {
  fleet,
  host: web1,
  queue: toWeb1,
  job: order.id,
  trust,
  now: NOW,
  ledgerBirth: NOW - HOUR,
};

/** An envelope over any bytes, signed well, for what celeroot itself would never sign. */
function seal(payload: Buffer | string, payloadType: string = ORDER_TYPE): string {
  const bytes = Buffer.from(payload);
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `), bytes]);
  const sig = sign(null, signed, key.privateKey).toString('base64');
  return JSON.stringify({ payloadType, payload: bytes.toString('base64'), signatures: [{ keyid: key.id, sig }] });
}

/** The next letter of the alphabet before the padding: Buffer.from decodes it to the same bytes. */
function strayBit(end: string): string {
  return `${String.fromCharCode(end.charCodeAt(0) + 1)}=="`;
}

function refusal(envelope: string, expect: Partial<Expected> = {}): { code: RefusalCode; answerable: boolean } | null {
  const verified = verifyOrder(envelope, { ...expected, ...expect });
  return verified.ok ? null : { code: verified.code, answerable: verified.answerable !== null };
}

describe('an order', () => {
  test('that is signed, addressed and timely is read back whole', () => {
    assert.deepEqual(verifyOrder(signOrder(order, key), expected), {
      ok: true,
      order,
      signedBy: [key.id],
      fires: null,
    });
  });

  test('for any host of a queue is read by a host that serves the queue', () => {
    const any: Order = { ...order, to: toAnyWeb, id: jobIdFor(run, null) };

    const verified = verifyOrder(signOrder(any, key), { ...expected, queue: toAnyWeb, job: any.id });

    assert.ok(verified.ok);
  });

  test('read from the job’s own folder needs no queue and no job id', () => {
    assert.equal(refusal(signOrder(order, key), { queue: null, job: null }), null);
  });
});

describe('an order is refused and its run is not told when', () => {
  const envelope = signOrder(order, key);
  const unsigned = JSON.stringify({ ...JSON.parse(envelope), signatures: [] });
  const twice = JSON.stringify(order).replace('"task":', '"task":"apt.remove","task":');
  const cases: readonly [string, string, RefusalCode, Partial<Expected>?][] = [
    ['it is empty', '', 'MALFORMED'],
    ['it is no JSON', 'rm -rf /', 'MALFORMED'],
    ['it is JSON of another kind', '["apt.install"]', 'MALFORMED'],
    ['it is the bare order', JSON.stringify(order), 'UNSIGNED'],
    ['its signature was taken off', unsigned, 'UNSIGNED'],
    ['it is larger than 256 KiB', `"${'x'.repeat(256 * 1024)}"`, 'TOO_LARGE'],
    ['it is larger than 256 KiB in bytes alone', `"${'é'.repeat(130 * 1024)}"`, 'TOO_LARGE'],
    ['a key of the envelope stands twice', envelope.replace('{', '{"payload":"",'), 'MALFORMED'],
    ['the envelope has a key more', envelope.replace('{', '{"alg":"none",'), 'MALFORMED'],
    ['the envelope sets a prototype', envelope.replace('{', '{"__proto__":{},'), 'MALFORMED'],
    ['there is space around it', ` ${envelope}`, 'MALFORMED'],
    ['it nests a hundred thousand deep', '['.repeat(100_000) + ']'.repeat(100_000), 'MALFORMED'],
    ['its base64 has a stray bit', envelope.replace(/.=="/, strayBit), 'MALFORMED'],
    ['it is of another type', seal(JSON.stringify(order), 'application/vnd.celeroot.order+json;v=0'), 'MALFORMED'],
    ['it is a cancel mark', signCancel({ fleet, run, issuedAt: NOW, by: 'ada' }, key), 'MALFORMED'],
    ['a key this host does not know signed it', signOrder(order, makeSigningKey()), 'UNKNOWN_KEY'],
    [
      'it claims a known key but another signed it',
      signOrder(order, { ...makeSigningKey(), id: key.id }),
      'BAD_SIGNATURE',
    ],
    [
      'a signer of the host is no key at all',
      signOrder(order, { ...key, id: 'ed25519:AA' }),
      'UNKNOWN_KEY',
      { trust: { ...trust, grants: [{ ...grant, key: 'ed25519:AA' }] } },
    ],
    ['the signed text is not UTF-8', seal(Buffer.from([0x22, 0xff, 0x22])), 'MALFORMED'],
    ['the signed text starts with a byte order mark', seal(`\uFEFF${JSON.stringify(order)}`), 'MALFORMED'],
    ['the signed order has a key twice', seal(twice), 'MALFORMED'],
    ['the signed order has a key more', seal(JSON.stringify({ ...order, shell: true })), 'MALFORMED'],
    [
      'the signed order has a number beyond a double',
      seal(JSON.stringify(order).replace(`${NOW}`, '1e400')),
      'MALFORMED',
    ],
    [
      'it is for another fleet',
      signOrder({ ...order, fleet: fleetNameSchema.parse('production') }, key),
      'WRONG_FLEET',
    ],
    ['it is for another host', envelope, 'WRONG_HOST', { host: hostNameSchema.parse('web2') }],
    ['it came through another queue', envelope, 'WRONG_QUEUE', { queue: toAnyWeb }],
    ['it came under another job id', envelope, 'WRONG_QUEUE', { job: `${order.id}0` }],
    [
      'its id is not its run’s',
      seal(JSON.stringify({ ...order, id: jobIdFor(makeRunId(1, new Uint8Array(10)), web1) })),
      'MALFORMED',
    ],
  ];
  for (const [when, text, code, expect] of cases) {
    test(when, () => assert.deepEqual(refusal(text, expect), { code, answerable: false }));
  }
});

describe('an order in any format but the one there is, though well signed, is refused:', () => {
  const types = [
    ...['v=0', 'v=2', 'v=1.0', 'v=01', 'v=1 ', 'V=1', 'v=1;v=1', ''].map((end) => ORDER_TYPE.replace('v=1', end)),
    ...[CANCEL_TYPE, 'trust', 'report', 'run', 'request', 'presence', 'facts', 'release', 'task'].map((kind) =>
      ORDER_TYPE.replace('order', kind),
    ),
    '',
    'order',
    'application/json',
    ORDER_TYPE.toUpperCase(),
    ` ${ORDER_TYPE}`,
    `${ORDER_TYPE}\u0000`,
  ];
  for (const type of types) {
    test(JSON.stringify(type), () => {
      assert.deepEqual(refusal(seal(JSON.stringify(order), type)), { code: 'MALFORMED', answerable: false });
    });
  }

  test('a signature over the bytes alone, as before there were envelopes', () => {
    const bytes = Buffer.from(JSON.stringify(order));
    const sig = sign(null, bytes, key.privateKey).toString('base64');
    const bare = { payloadType: ORDER_TYPE, payload: bytes.toString('base64'), signatures: [{ keyid: key.id, sig }] };
    assert.deepEqual(refusal(JSON.stringify(bare)), { code: 'BAD_SIGNATURE', answerable: false });
  });
});

describe('an order is refused and its run is told when', () => {
  const cases: readonly [string, Partial<Order>, RefusalCode, Partial<Expected>?][] = [
    ['its expiry has come', {}, 'EXPIRED', { now: order.expiresAt }],
    ['it was issued 121 s in the host’s future', {}, 'CLOCK_SKEW', { now: NOW - 121_000 }],
    ['it wants a newer trust file', { trust: 2 }, 'TRUST_TOO_OLD'],
    ['it is older than the ledger', {}, 'BEFORE_LEDGER', { ledgerBirth: NOW + 1 }],
    ['it would be valid for more than seven days', { expiresAt: NOW + 7 * 24 * HOUR + 1 }, 'MALFORMED'],
    ['it expired before it was issued', { expiresAt: NOW - 1 }, 'MALFORMED'],
    [
      'its times are beyond any date',
      { issuedAt: Number.MAX_SAFE_INTEGER - 1, expiresAt: Number.MAX_SAFE_INTEGER },
      'CLOCK_SKEW',
    ],
  ];
  for (const [when, change, code, expect] of cases) {
    test(when, () =>
      assert.deepEqual(refusal(signOrder({ ...order, ...change }, key), expect), { code, answerable: true }),
    );
  }

  test('but not when the clocks are 120 s apart', () => {
    assert.equal(refusal(signOrder(order, key), { now: NOW - 120_000 }), null);
  });
});

describe('a cancel mark', () => {
  const mark = signCancel({ fleet, run, issuedAt: NOW, by: 'ada' }, key);
  const expect = { fleet, run, trust };
  const code = (text: string, other: Partial<typeof expect> = {}): string => {
    const verified = verifyCancel(text, { ...expect, ...other });
    return verified.ok ? 'accepted' : verified.code;
  };

  test('of the run is accepted', () => assert.equal(code(mark), 'accepted'));
  test('of another run is refused', () =>
    assert.equal(code(mark, { run: makeRunId(1, new Uint8Array(10)) }), 'WRONG_QUEUE'));
  test('of another fleet is refused', () =>
    assert.equal(code(mark, { fleet: fleetNameSchema.parse('x') }), 'WRONG_FLEET'));
  test('signed by a stranger is refused', () =>
    assert.equal(code(mark, { trust: { ...trust, grants: [] } }), 'UNKNOWN_KEY'));
  test('that is an order is refused', () => assert.equal(code(signOrder(order, key)), 'MALFORMED'));
  test('with too little in it is refused', () => assert.equal(code(seal('{}', CANCEL_TYPE)), 'MALFORMED'));
  test('that is garbage is refused', () => assert.equal(code('stop!'), 'MALFORMED'));
});
