import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil, type TestRedis } from '../support/redis.ts';
import { newStateDir } from '../support/worker.ts';
import { startCliWorker } from '../support/cli-worker.ts';

const ROLES = '  web: {}\n  db: {}\n';
const HOSTS = '  web1: { roles: [web] }\n  web2: { roles: [web] }\n  db1: { roles: [db] }\n';

const things = new AsyncDisposableStack();
let redis: TestRedis;
let folder: FleetFolder;
let db1State: string;
before(async () => {
  redis = things.use(await startRedis());
  folder = things.use(
    await makeFleetFolder({ broker: `{ url: "redis://127.0.0.1:${redis.port}" }`, roles: ROLES, hosts: HOSTS }),
  );
  for (const host of ['web1', 'web2']) {
    const state = things.use(await newStateDir());
    things.use(await startCliWorker(folder.file, host, state.path));
  }
  // db1 was there once: a host refuses orders older than its ledger.
  db1State = things.use(await newStateDir()).path;
  await using _db1 = await startCliWorker(folder.file, 'db1', db1State);
});
after(() => things.disposeAsync());
forbidLeaks();

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

const shownSchema = z.object({
  run: z.object({ id: z.string(), target: z.string() }),
  jobs: z.array(z.object({ host: z.string().nullable(), status: z.string() })),
});

async function shown(word: string): Promise<z.infer<typeof shownSchema>> {
  return shownSchema.parse(JSON.parse((await run('runs', 'show', word, '--json')).stdout));
}

test('a ping of a role comes back from each of its hosts', async () => {
  const { code, stdout, stderr } = await run('system', 'ping', '--role', 'web');
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.match(stdout, /^web1 \| unchanged {2}pong.* {2}\d+\.\d s$/m);
  assert.match(stdout, /^web2 \| unchanged {2}pong/m);
  assert.match(stdout, /^run \w{26} \| 2 of 2 done in \d+\.\d s\n$/m);
});

test('the full name does what the short form does', async () => {
  const { code, stdout } = await run('run', 'system.ping', '--host', 'web1');
  assert.equal(code, 0);
  assert.match(stdout, /^web1 \| unchanged {2}pong/);
});

test('--json gives the run, its reports and a summary, one object a line', async () => {
  const { code, stdout } = await run('system', 'ping', '--host', 'web1', '--json');
  assert.equal(code, 0);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  assert.partialDeepStrictEqual(lines.at(0), { type: 'run', run: { task: 'system.ping', target: 'host web1' } });
  assert.partialDeepStrictEqual(lines.at(-2), { type: 'report', host: 'web1', event: { kind: 'done' } });
  assert.partialDeepStrictEqual(lines.at(-1), { type: 'summary', end: 'ended', counts: { unchanged: 1 }, bad: 0 });
});

test('--any asks one host of the role only', async () => {
  assert.equal((await run('system', 'ping', '--any', 'web')).code, 0);
  const { run: record, jobs } = await shown('latest');
  assert.equal(record.target, 'any host of role web');
  assert.equal(jobs.length, 1);
  assert.match(jobs[0]?.host ?? '', /^web[12]$/);
});

test('a run with a host that is offline ends with code 6, and the host does its part when it returns', async () => {
  const sent = await run('system', 'ping', '--all');
  assert.equal(sent.code, 6);
  assert.match(sent.stdout, /^db1 \| offline {2}last seen .*; waits until /m);
  assert.match(sent.stdout, /2 of 3 done/);
  assert.match(sent.stderr, /^only offline hosts are left; .*celeroot runs show \w+ --follow\n$/);

  await using _worker = await startCliWorker(folder.file, 'db1', db1State);
  const { code, stdout } = await run('runs', 'show', 'latest', '--follow');
  assert.equal(code, 0);
  assert.match(stdout, /^db1 \| unchanged {2}pong/m);
  assert.match(stdout, /3 of 3 done/);
});

test('--detach sends and returns', async () => {
  const { code, stdout } = await run('system', 'ping', '--host', 'web1', '--detach');
  assert.equal(code, 0);
  const id = /^run (\w{26}) is sent to 1 host/.exec(stdout)?.[1] ?? '';
  assert.equal((await run('runs', 'show', id, '--follow')).code, 0);
});

test('a run is found by its id, the beginning of it in small letters, and latest', async () => {
  await run('system', 'ping', '--host', 'web2');
  const { run: latest } = await shown('latest');
  assert.equal((await shown(latest.id)).run.id, latest.id);
  assert.equal((await shown(latest.id.slice(0, 22).toLowerCase())).run.id, latest.id);
  const ambiguous = await run('runs', 'show', latest.id.slice(0, 3));
  assert.equal(ambiguous.code, 5);
  assert.match(ambiguous.stderr, /^error\[UNKNOWN_RUN\]: 01\w is the beginning of \d+ runs\nhint: type more/);
  assert.match((await run('runs', 'show', '')).stderr, /^error\[USAGE\]: the run is an empty word/);
  assert.match((await run('runs', 'show', 'zzz')).stderr, /^error\[UNKNOWN_RUN\]: there is no run zzz/);
});

test('runs ls lists the newest first with what became of them', async () => {
  await run('system', 'ping', '--host', 'web1');
  const { code, stdout } = await run('runs', 'ls', '--limit', '1');
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^RUN +WHEN +TASK +TARGET +BY +STATE\n\w{26} {2}[\d-]+ [\d:]+ {2}system\.ping {2}host web1 {2}tester@here {2}1 of 1 done\n/,
  );
});

test('a cancelled run never reaches a host that was offline, and retry sends it to that host alone', async () => {
  await run('system', 'ping', '--host', 'web1', '--host', 'db1');
  const cancelled = await run('runs', 'cancel', 'latest');
  assert.equal(cancelled.code, 0);
  assert.match(cancelled.stdout, /is cancelled: 1 job never begins\n$/);
  const { run: first, jobs } = await shown('latest');
  assert.deepEqual(
    jobs.map(({ host, status }) => [host, status]),
    [
      ['web1', 'unchanged'],
      ['db1', 'cancelled'],
    ],
  );
  assert.match((await run('runs', 'cancel', 'latest')).stdout, /has already ended\n$/);

  assert.equal((await run('runs', 'retry', 'latest', '--failed')).code, 6);
  const retried = await shown('latest');
  assert.equal(retried.run.target, `what failed of run ${first.id}`);
  assert.deepEqual(retried.jobs, [{ host: 'db1', status: 'queued' }]);
  await run('runs', 'cancel', 'latest');
});

test('retry of a run where nothing failed says so', async () => {
  await run('system', 'ping', '--host', 'web1');
  const { code, stderr } = await run('runs', 'retry', 'latest');
  assert.equal(code, 5);
  assert.match(stderr, /^error\[NOTHING_TO_REPEAT\]: run \w+ has no host that failed/);
});

test('apply of a run that was no dry run says so', async () => {
  await run('system', 'ping', '--host', 'web1');
  const { code, stderr } = await run('apply', 'latest');
  assert.equal(code, 5);
  assert.match(stderr, /was no dry run, so there is no plan to apply/);
});

test('logs of a run without output are empty, and of a host it has not an error', async () => {
  await run('system', 'ping', '--host', 'web1');
  assert.deepEqual(await run('runs', 'logs', 'latest'), { code: 0, stdout: '', stderr: '' });
  assert.match(
    (await run('runs', 'logs', 'latest', '--host', 'db1')).stderr,
    /has no job for host db1\nhint: its hosts are: web1/,
  );
});

test('hosts ls shows who is there', async () => {
  const { code, stdout, stderr } = await run('hosts', 'ls');
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^web1 +web +online .* \d+\.\d+\.\d+$/m);
  assert.match(stdout, /^db1 +db +offline, last seen .* /m);
});

test('an order pushed into a queue by hand is refused, and runs ls shows it', async () => {
  await redis.command(
    'HSET',
    '{celeroot}:host.web1:forged',
    'name',
    'job',
    'data',
    '{"order":"{}"}',
    'opts',
    '{}',
    'timestamp',
    '1',
  );
  await redis.command('LPUSH', '{celeroot}:host.web1:wait', 'forged');
  await redis.command('ZADD', '{celeroot}:host.web1:marker', '0', '0');
  const refusal = /\nOrders that hosts refused:\nWHEN .*\n.* web1 +host\.web1 +forged +UNSIGNED /;
  await waitUntil(async () => refusal.test((await run('runs', 'ls')).stdout), 'the refusal to be listed');
});
