import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREATED_AT, runFixture } from '../../test/support/run-fixture.ts';
import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { makeRunId } from '../core/ids.ts';
import { fleetNameSchema, scheduleNameSchema } from '../core/names.ts';
import { addGrant, firstTrust, NO_END } from './change-trust.ts';
import { makeSigningKey } from './key.ts';
import { openRun, sealRun } from './run-record.ts';
import { runIdOfSlot } from './standing-order.ts';

const [key, stranger, root] = [makeSigningKey(), makeSigningKey(), makeSigningKey()];
const fleet = fleetNameSchema.parse('test');
const { run } = runFixture(['web1', 'web2']);
const { grants } = firstTrust(fleet, { root: root.id, operator: key.id }, CREATED_AT);
const expected = { fleet, id: run.id, grants };
const record = sealRun(fleet, run, key);

test('a run is believed when a key of the trust file signed its record', async () => {
  assert.deepEqual(await openRun(record, expected), run);
  assert.equal(await openRun(sealRun(fleet, run, stranger), expected), null);
  assert.equal(await openRun({ ...record, key: stranger.id }, expected), null);
  assert.equal(await openRun({ ...sealRun(fleet, run, stranger), key: key.id }, expected), null);
});

test('a record counts only under its own id, in its own fleet, unaltered', async () => {
  assert.equal(await openRun(record, { ...expected, id: makeRunId(1, new Uint8Array(10)) }), null);
  assert.equal(await openRun(record, { ...expected, fleet: fleetNameSchema.parse('other') }), null);
  assert.equal(await openRun({ ...record, text: record.text.replace('web2', 'web3') }, expected), null);
  assert.equal(await openRun({ ...record, signature: '' }, expected), null);
});

test('a key that was revoked counts for what was made before', async () => {
  const revokedAt = (at: number): typeof expected => ({
    ...expected,
    grants: grants.map((grant) => ({ ...grant, revokedAt: at })),
  });
  assert.deepEqual(await openRun(record, revokedAt(CREATED_AT + 1)), run);
  assert.equal(await openRun(record, revokedAt(CREATED_AT)), null);
});

test('a key that is good for a time counts for what was made in it, by clocks that may differ', async () => {
  const goodFor = (notBefore: number, notAfter: number): typeof expected => ({
    ...expected,
    grants: grants.map((grant) => ({ ...grant, notBefore, notAfter })),
  });
  assert.deepEqual(await openRun(record, goodFor(CREATED_AT + MAX_CLOCK_SKEW_MS, NO_END)), run);
  assert.deepEqual(await openRun(record, goodFor(0, CREATED_AT - MAX_CLOCK_SKEW_MS + 1)), run);
  assert.equal(await openRun(record, goodFor(CREATED_AT + MAX_CLOCK_SKEW_MS + 1, NO_END)), null);
  assert.equal(await openRun(record, goodFor(0, CREATED_AT - MAX_CLOCK_SKEW_MS)), null);
});

test('schedulers sign records of slots alone and operators any, under the ids that follow, and release keys none', async () => {
  const scope = { tasks: ['*'], hosts: ['*'], notBefore: 0, notAfter: NO_END, revokedAt: null };
  const first = firstTrust(fleet, { root: root.id, operator: key.id }, CREATED_AT);
  const withKind = (kind: 'scheduler' | 'release'): typeof grants =>
    addGrant(first, { ...scope, kind, name: 'x', key: stranger.id }, CREATED_AT).grants;
  const slot = { schedule: scheduleNameSchema.parse('nightly'), at: CREATED_AT };
  const id = runIdOfSlot(fleet, slot.schedule, slot.at);
  const fired = { ...run, id, slot };
  const expect = { fleet, id, grants: withKind('scheduler') };

  assert.deepEqual(await openRun(sealRun(fleet, fired, stranger), expect), fired);
  assert.deepEqual(await openRun(sealRun(fleet, fired, key), expect), fired);
  assert.equal(await openRun(sealRun(fleet, { ...run, id }, stranger), expect), null);
  for (const signer of [stranger, key]) {
    assert.equal(await openRun(sealRun(fleet, { ...fired, slot: { ...slot, at: 0 } }, signer), expect), null);
  }
  for (const record of [fired, { ...run, id }]) {
    assert.equal(await openRun(sealRun(fleet, record, stranger), { ...expect, grants: withKind('release') }), null);
  }
});
