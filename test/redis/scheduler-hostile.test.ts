import { test } from 'node:test';
import { keysFor } from '../../src/queue/names.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setStage } from '../support/scheduler-scene.ts';

forbidLeaks();

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
