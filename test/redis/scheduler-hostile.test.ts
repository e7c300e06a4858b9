import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleNameSchema } from '../../src/core/names.ts';
import type { SlotRecord } from '../../src/core/slot-record.ts';
import { keysFor } from '../../src/queue/names.ts';
import { makeSigningKey } from '../../src/trust/key.ts';
import { sealSlot } from '../../src/trust/slot-record.ts';
import { runIdOfSlot } from '../../src/trust/standing-order.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setStage } from '../support/scheduler-scene.ts';

forbidLeaks();

const HOUR = 3_600_000;
const HOURLY = `schedules:
  hourly: { task: system.ping, target: { all: true }, every: 1h }
`;

test('no number that stands in Redis for a slot ends a scheduler', async () => {
  await using stage = await setStage(HOURLY);
  const scheduler = stage.scheduler();
  const { unsent } = keysFor(stage.redis.settings.environment);
  for (const slot of ['9'.repeat(15), '9'.repeat(20), '9'.repeat(400), `-${'9'.repeat(20)}`, '', 'x']) {
    await stage.redis.command('HSET', unsent, `hourly@${slot}`, '0');
    await scheduler.beat();
  }
});

test('what nobody you trust has decided on is unsent no more once its time is over', async () => {
  await using stage = await setStage(HOURLY);
  const scheduler = stage.scheduler(1);
  await scheduler.beat();
  const { fleet } = stage.plan().fleet;
  const [schedule, slot] = [scheduleNameSchema.parse('hourly'), stage.start];
  const run = runIdOfSlot(fleet, schedule, slot);
  const record: SlotRecord = { kind: 'fire', slot, decidedAt: slot, by: 'x', run, starts: [], leftOut: [] };
  const keys = keysFor(stage.redis.settings.environment);
  const sealed = JSON.stringify(sealSlot({ fleet, schedule }, record, makeSigningKey()));
  await stage.redis.command('SET', keys.slot(schedule, slot), sealed);
  await stage.redis.command('HSET', keys.unsent, `hourly@${slot}`, '0');
  await scheduler.beat();
  assert.match(scheduler.log.join('\n'), /is left alone$/m);
  assert.equal((await stage.broker.slots.unsent()).length, 1);

  stage.time.now += HOUR;
  await scheduler.beat();

  assert.deepEqual(await stage.broker.slots.unsent(), []);
});
