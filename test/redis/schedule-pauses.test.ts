import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fleetNameSchema, scheduleNameSchema } from '../../src/core/names.ts';
import { keysFor } from '../../src/queue/names.ts';
import { makeSigningKey } from '../../src/trust/key.ts';
import { sealPause } from '../../src/trust/schedule-pause.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
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

/** `celeroot schedules` in a folder, which goes well. */
function schedulesIn({ path }: FleetFolder): (...args: readonly string[]) => Promise<CliResult> {
  return async (...args) => {
    const result = await runCli(['schedules', ...args], { cwd: path, clock: { now: () => NOW } });
    assert.equal(result.code, 0, result.stderr);
    return result;
  };
}

test('a pause is seen by everyone until it is over, or is taken back', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({ broker: `{ url: "redis://127.0.0.1:${redis.port}" }`, more: SCHEDULES });
  const run = schedulesIn(folder);

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

test('a pause and its end are in the journal, and what cannot be written down is not done', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({ broker: `{ url: "redis://127.0.0.1:${redis.port}" }`, more: SCHEDULES });
  const run = schedulesIn(folder);
  const file = await readFile(folder.file, 'utf8');
  const unwritable = async (...words: readonly string[]): Promise<void> => {
    await writeFile(folder.file, `${file}journal: celeroot.yaml/journal\n`);
    const { code, stderr } = await runCli(['schedules', ...words], { cwd: folder.path });
    assert.equal(code, 3);
    assert.match(stderr, /^error\[JOURNAL_UNUSABLE\]/);
    await writeFile(folder.file, file);
  };

  await unwritable('pause', 'nightly');
  assert.match((await run('ls')).stdout, /Europe\/Amsterdam\n$/);
  await run('pause', 'nightly', '--until', '3d');
  await run('pause', 'nightly');
  await unwritable('resume', 'nightly');
  assert.match((await run('ls')).stdout, /paused by tester@here\n$/);
  await run('resume', 'nightly');
  await run('resume', 'nightly');

  const { stdout } = await runCli(['audit', 'ls'], { cwd: folder.path });
  const lines = stdout.split('\n').map((line) => line.trimEnd());
  assert.match(lines[1] ?? '', /^4 .* schedule resumed +tester@here +nightly$/);
  assert.match(lines[2] ?? '', /^3 .* schedule paused +tester@here +nightly$/);
  assert.match(lines[3] ?? '', /^2 .* schedule paused +tester@here +nightly +until 2026-12-2\d \d\d:00:00$/);
});

test('what nobody has signed is no pause and no past slot, whoever asks, and is counted', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({ broker: `{ url: "redis://127.0.0.1:${redis.port}" }`, more: SCHEDULES });
  const run = schedulesIn(folder);
  const keys = keysFor(null);
  const nightly = scheduleNameSchema.parse('nightly');
  const pause = { until: null, by: 'boss@office', at: NOW };
  const sealed = sealPause({ fleet: fleetNameSchema.parse('test'), schedule: nightly }, pause, makeSigningKey());
  const slot = String(NOW - 3_600_000);
  await redis.command('SET', keys.slot(nightly, Number(slot)), '{}');
  await redis.command('ZADD', keys.slots(nightly), slot, slot);

  for (const forged of ['{', JSON.stringify(pause), JSON.stringify(sealed)]) {
    await redis.command('HSET', keys.pauses, 'nightly', forged, '../x', '{}');
    for (const words of [['ls'], ['show', 'nightly'], ['next', '--for', '2d']]) {
      const { stdout, stderr } = await run(...words);
      assert.doesNotMatch(stdout, /paused|last/);
      assert.match(stderr, /^warning: left out a pause of nightly: not signed by an operator you trust/);
    }
  }
  assert.match((await run('show', 'nightly')).stderr, /^warning: 1 record of a slot is not signed by anybody/m);
  const shown: unknown = JSON.parse((await run('show', 'nightly', '--json')).stdout);
  assert.partialDeepStrictEqual(shown, { schedule: { paused: null }, last: [], forged: 2 });
});
