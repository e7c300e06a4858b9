import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleNameSchema } from '../../src/core/names.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { keysFor } from '../../src/queue/names.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';

forbidLeaks();

const NOW = Date.parse('2026-12-24T12:00Z');
const SCHEDULES = `schedules:
  nightly:
    task: apt.upgrade
    target: { all: true }
    cron: "30 2 * * *"
    timezone: Europe/Amsterdam
`;

test('a pause is seen by everyone until it is over, or is taken back', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({ broker: `{ url: "redis://127.0.0.1:${redis.port}" }`, more: SCHEDULES });
  const run = async (...args: readonly string[]): Promise<CliResult> => {
    const result = await runCli(['schedules', ...args], { cwd: folder.path, clock: { now: () => NOW } });
    assert.equal(result.code, 0, result.stderr);
    return result;
  };

  assert.equal(
    (await run('pause', 'nightly')).stdout,
    'paused nightly; it goes on with:  celeroot schedules resume nightly\n',
  );
  assert.match((await run('ls')).stdout, /\nnightly .* paused by tester@here\n$/);
  const { stdout } = await run('pause', 'nightly', '--until', '2026-12-26T02:30', '--json');
  assert.deepEqual(JSON.parse(stdout), {
    schedule: 'nightly',
    paused: { until: Date.parse('2026-12-26T01:30Z'), by: 'tester@here', at: NOW },
  });
  assert.match(
    (await run('show', 'nightly')).stdout,
    /\npaused +paused until 2026-12-26 02:30 Europe\/Amsterdam by tester@here\n/,
  );
  const [, first, second] = (await run('next', '--for', '2d')).stdout.split('\n');
  assert.match(first ?? '', /^2026-12-25 02:30 .* 0 +skipped: the schedule is paused$/);
  assert.match(second ?? '', /^2026-12-26 02:30 .* 3: web1, web2, db1$/);

  assert.equal((await run('resume', 'nightly')).stdout, 'resumed nightly\n');
  assert.equal((await run('resume', 'nightly')).stdout, 'nightly was not paused\n');
  assert.match((await run('ls')).stdout, /Europe\/Amsterdam\n$/);
});

test('what stands in Redis in the place of a pause is a pause without end, and what is no name is left out', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);
  await redis.command('HSET', keys.pauses, 'nightly', '{', 'pause', '{}', '../x', '{}');

  const pauses = await controller.pauses();

  assert.deepEqual(pauses, new Map([[scheduleNameSchema.parse('nightly'), { until: null, by: 'unknown', at: 0 }]]));
});
