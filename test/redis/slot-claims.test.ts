import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleNameSchema } from '../../src/core/names.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import type { Lease } from '../../src/queue/slot-store.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';

forbidLeaks();

test('a scheduler that wakes late changes nothing of a slot that another has taken over', async () => {
  await using redis = await startRedis();
  await using broker = await openControllerBroker(redis.settings);
  const { slots } = broker;
  const id = { schedule: scheduleNameSchema.parse('nightly'), slot: 1000 };
  const lease = (owner: string): Lease => ({ owner, ms: 60_000 });
  await slots.decide(id, { record: { text: '{}', key: '', signature: '' }, fires: true }, lease('late'));
  await slots.sentUntil(id, { owner: 'late', at: 1 });
  assert.deepEqual(await slots.unsent(), [{ ...id, sentUntil: 1 }]);

  assert.equal(await slots.claim(id, lease('other')), false);
  // Its lease lapses while it sleeps.
  await redis.command('DEL', keysFor(redis.settings.environment).sender(id.schedule, id.slot));
  assert.equal(await slots.claim(id, lease('other')), true);
  await slots.sentUntil(id, { owner: 'other', at: 5 });
  await slots.sentUntil(id, { owner: 'late', at: 2 });
  await slots.allSent(id, 'late');
  assert.deepEqual(await slots.unsent(), [{ ...id, sentUntil: 5 }]);

  await slots.allSent(id, 'other');
  await redis.command('DEL', keysFor(redis.settings.environment).sender(id.schedule, id.slot));
  await slots.sentUntil(id, { owner: 'late', at: 3 });
  assert.deepEqual(await slots.unsent(), []);
});
