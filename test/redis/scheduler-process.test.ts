import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as z from 'zod';
import { runCli, type CliResult } from '../support/cli.ts';
import { startCliWorker } from '../support/cli-worker.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil } from '../support/redis.ts';
import { spawnService, type SpawnedService } from '../support/spawn-service.ts';
import { CELEROOT, newStateDir } from '../support/worker.ts';

forbidLeaks();

const listedSchema = z.object({
  runs: z.array(z.looseObject({ id: z.string(), by: z.string(), target: z.string() })),
});

function startScheduler(file: string): SpawnedService {
  return spawnService([...CELEROOT, 'scheduler', file, '--beat']);
}

/** Schedules that ping web1 at these moments. */
function schedules(name: string, moments: readonly number[]): string {
  const at = moments.map((moment) => `"${new Date(moment).toISOString().slice(0, 19)}Z"`).join(', ');
  return `schedules:\n  ${name}: { task: system.ping, target: { hosts: [web1] }, at: [${at}], overlap: allow }\n`;
}

/** Moments from so many seconds on: on a machine that is busy the first may pass before anybody looks. */
function momentsIn(first: number, apart: number): readonly number[] {
  return Array.from({ length: 10 }, (_, index) => Date.now() + (first + index * apart) * 1000);
}

/** What is shown of a run once it has ended. */
async function waitForRun(run: (...args: readonly string[]) => Promise<CliResult>, id: string): Promise<string> {
  await waitUntil(async () => (await run('runs', 'show', id)).code !== 5, 'the record of the run');
  const { code, stdout } = await run('runs', 'show', id, '--follow');
  assert.equal(code, 0, stdout);
  return stdout;
}

test('two schedulers and a worker: each slot is one run, done once, and the file is followed', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    more: schedules('first', momentsIn(6, 6)),
  });
  await using state = await newStateDir();
  await using _worker = await startCliWorker(folder.file, 'web1', state.path);
  await using one = startScheduler(folder.file);
  await using other = startScheduler(folder.file);
  const run = async (...args: readonly string[]): Promise<CliResult> => await runCli(args, { cwd: folder.path });
  const runsOf = async (name: string): Promise<z.infer<typeof listedSchema>['runs']> => {
    const { runs } = listedSchema.parse(JSON.parse((await run('runs', 'ls', '--json')).stdout));
    return runs.filter(({ by }) => by === `schedule ${name}`);
  };
  const text = await readFile(folder.file, 'utf8');
  await one.says(/^scheduler of fleet test: 1 schedule$/);
  await other.says(/^scheduler of fleet test/);

  await waitUntil(async () => (await runsOf('first')).length >= 2, 'two runs of the first schedule', 60_000);
  const [last] = await runsOf('first');
  assert.equal(last?.target, 'schedule first: host web1');
  assert.match(await waitForRun(run, last?.id ?? ''), /web1 \| unchanged {2}pong/);

  await writeFile(folder.file, `${text}  broken: {}\n`);
  await one.says(/was changed and is not good, so what it said before goes on: .*broken/);
  await writeFile(folder.file, text.replace(/schedules:[^]*/, schedules('second', momentsIn(5, 6))));
  await waitUntil(async () => (await runsOf('second')).length > 0, 'a run of the second schedule', 60_000);
  assert.match((await run('schedules', 'show', 'second')).stdout, /\nlast .* run \w{26} on 1 host\n/);

  for (const scheduler of [one, other]) scheduler.signal('SIGTERM');
  assert.deepEqual(await one.exit, { code: 0, stderr: '' });
  assert.deepEqual(await other.exit, { code: 0, stderr: '' });
  const lines = [...one.lines, ...other.lines];
  const fired = lines.flatMap((line) => / fires as run (\w{26}) /.exec(line)?.[1] ?? []);
  const runs = [...(await runsOf('first')), ...(await runsOf('second'))].map(({ id }) => id);
  assert.deepEqual(runs.toSorted(), fired.toSorted());
  assert.ok(lines.includes('first: is not in the file any more, and forgotten'));
});

test('a scheduler waits for Redis, at its start and later', async () => {
  await using redis = await startRedis();
  await redis.stop();
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    more: schedules('first', [Date.now() + 3_600_000]),
  });
  await using scheduler = startScheduler(folder.file);
  await scheduler.says(/; waiting for it$/);
  await redis.start();
  await scheduler.says(/^scheduler of fleet test/);
  await waitUntil(async () => (await redis.command('KEYS', '*decided-until')) !== '', 'the first beat');
  await redis.stop();
  await scheduler.says(/; trying until it works$/);
  await redis.start();
  await scheduler.says(/^it works again$/);
  scheduler.signal('SIGINT');
  assert.deepEqual(await scheduler.exit, { code: 0, stderr: '' });
});

test('schedules run does now what a schedule does', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    more: schedules('first', [Date.now() + 3_600_000]),
  });
  await using state = await newStateDir();
  await using _worker = await startCliWorker(folder.file, 'web1', state.path);
  const { code, stdout } = await runCli(['schedules', 'run', 'first'], { cwd: folder.path });
  assert.equal(code, 0);
  assert.match(stdout, /^web1 \| unchanged {2}pong/);
});

test('scheduler wants to know whether it is meant, and can say what it would do', async () => {
  await using folder = await makeFleetFolder({ more: schedules('first', [Date.now() + 3_600_000]) });
  const unsure = await runCli(['scheduler', folder.file]);
  assert.deepEqual([unsure.code, unsure.stdout], [2, '']);
  assert.match(unsure.stderr, /^error\[USAGE\]: expected either --beat or --dry-run\n/);
  const both = await runCli(['scheduler', folder.file, '--beat', '--for', '2d']);
  assert.deepEqual([both.code, both.stdout], [2, '']);
  assert.match(both.stderr, /^error\[USAGE\]: --for says how far --dry-run looks\n/);
  const dry = await runCli(['scheduler', folder.file, '--dry-run']);
  assert.equal(dry.code, 0);
  assert.match(dry.stdout, /^LOCAL .*\n.* UTC .* first +1: web1\n$/);
});

test('a scheduler with a key of its own fires what an operator has signed, and nothing that was changed since', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    more: schedules('ping', momentsIn(20, 60)),
  });
  const run = async (...args: readonly string[]): Promise<CliResult> => await runCli(args, { cwd: folder.path });
  assert.equal((await run('keys', 'add', 'clock', '--kind', 'scheduler', '--out', 'clock.key')).code, 0);
  const text = (await readFile(folder.file, 'utf8')).replace('version: 1\n', 'version: 1\nscheduler_key: clock.key\n');
  await writeFile(folder.file, text);
  assert.match(
    (await run('schedules', 'lint')).stdout,
    /^ping +error +NOT_SIGNED +there is no standing order for ping in /m,
  );
  assert.match((await run('schedules', 'sign')).stdout, /^signed ping, for a year\n/);
  assert.match((await run('schedules', 'sign')).stdout, /^nothing to sign/);
  assert.equal((await run('schedules', 'lint')).stdout, 'nothing found in 1 schedule\n');
  // Nobody on the scheduler's machine needs the operator's key.
  await rename(join(folder.path, 'celeroot.key'), join(folder.path, 'away.key'));
  await using state = await newStateDir();
  await using _worker = await startCliWorker(folder.file, 'web1', state.path);
  await using scheduler = startScheduler(folder.file);
  const fires = await scheduler.says(/^ping: the slot of .* fires as run /, 100_000);
  const id = / run (\w{26}) /.exec(fires)?.[1] ?? '';

  const shown = await waitForRun(run, id);
  assert.match(shown, /web1 \| unchanged {2}pong/);
  assert.match((await run('schedules', 'show', 'ping')).stdout, new RegExp(`^last .* run ${id} on 1 host$`, 'm'));

  await writeFile(folder.file, text.replace(/schedules:[^]*/, schedules('ping', momentsIn(5, 60))));
  await scheduler.says(
    /^ping: the slot of .* cannot fire here: the schedule was changed since an operator signed/,
    100_000,
  );
});
