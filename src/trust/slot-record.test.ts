import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREATED_AT, runFixture } from '../../test/support/run-fixture.ts';
import { fleetNameSchema, scheduleNameSchema } from '../core/names.ts';
import type { SlotRecord } from '../core/slot-record.ts';
import { addGrant, firstTrust, NO_END } from './change-trust.ts';
import { makeSigningKey } from './key.ts';
import { sealRun } from './run-record.ts';
import { openPause, sealPause } from './schedule-pause.ts';
import { openSlot, sealSlot } from './slot-record.ts';
import type { Grant, KeyKind } from './trust-file.ts';

const [operator, clock, stranger, root] = [makeSigningKey(), makeSigningKey(), makeSigningKey(), makeSigningKey()];
const [fleet, elsewhere] = [fleetNameSchema.parse('test'), fleetNameSchema.parse('other')];
const [schedule, weekly] = [scheduleNameSchema.parse('nightly'), scheduleNameSchema.parse('weekly')];
const place = { fleet, schedule };

function grantsWith(kind: KeyKind): readonly Grant[] {
  const first = firstTrust(fleet, { root: root.id, operator: operator.id }, CREATED_AT);
  const scope = { tasks: ['*'], hosts: ['*'], notBefore: 0, notAfter: NO_END, revokedAt: null };
  return addGrant(first, { ...scope, kind, name: 'clock', key: clock.id }, CREATED_AT).grants;
}

const grants = grantsWith('scheduler');
const revoked = (revokedAt: number): readonly Grant[] => grants.map((grant) => ({ ...grant, revokedAt }));

const reason = { code: 'PAUSED', text: 'the schedule is paused' };
const record: SlotRecord = {
  kind: 'miss',
  slot: CREATED_AT,
  decidedAt: CREATED_AT + 5,
  by: 'x',
  reason,
  leftOut: [],
  count: 1,
};
const expected = { ...place, slot: CREATED_AT, grants };

test('a decision on a slot is believed from schedulers and operators, and nobody else', async () => {
  for (const key of [operator, clock]) assert.deepEqual(await openSlot(sealSlot(place, record, key), expected), record);
  assert.equal(await openSlot(sealSlot(place, record, stranger), expected), null);
  assert.equal(await openSlot({ ...sealSlot(place, record, stranger), key: clock.id }, expected), null);
  assert.equal(await openSlot(sealSlot(place, record, clock), { ...expected, grants: grantsWith('release') }), null);
});

test('a decision counts only on its own slot, schedule and fleet, unaltered', async () => {
  const sealed = sealSlot(place, record, clock);
  assert.equal(await openSlot(sealed, { ...expected, slot: CREATED_AT + 1 }), null);
  assert.equal(await openSlot(sealed, { ...expected, schedule: weekly }), null);
  assert.equal(await openSlot(sealed, { ...expected, fleet: elsewhere }), null);
  assert.equal(await openSlot({ ...sealed, text: sealed.text.replace('paused', 'late') }, expected), null);
  assert.equal(await openSlot(sealRun(fleet, runFixture(['web1']).run, operator), expected), null);
});

test('a key that was revoked counts for what it decided before', async () => {
  const sealed = sealSlot(place, record, clock);
  assert.deepEqual(await openSlot(sealed, { ...expected, grants: revoked(CREATED_AT + 6) }), record);
  assert.equal(await openSlot(sealed, { ...expected, grants: revoked(CREATED_AT + 5) }), null);
});

test('a pause is believed from operators, for the schedule it is for', async () => {
  const pause = { until: null, by: 'tester', at: CREATED_AT };
  const sealed = sealPause(place, pause, operator);
  const wanted = { ...place, grants };
  assert.deepEqual(await openPause(sealed, wanted), pause);
  for (const key of [clock, stranger]) assert.equal(await openPause(sealPause(place, pause, key), wanted), null);
  assert.equal(await openPause({ ...sealPause(place, pause, stranger), key: operator.id }, wanted), null);
  assert.equal(await openPause(sealed, { ...wanted, schedule: weekly }), null);
  assert.equal(await openPause(sealed, { ...wanted, fleet: elsewhere }), null);
  assert.equal(await openPause(sealed, { ...wanted, grants: revoked(CREATED_AT) }), null);
  assert.deepEqual(await openPause(sealed, { ...wanted, grants: revoked(CREATED_AT + 1) }), pause);
});
