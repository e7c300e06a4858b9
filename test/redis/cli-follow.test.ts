import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { CliContext } from '../../src/commands/context.ts';
import { memoryOutput, runCli, testContext, type CliResult } from '../support/cli.ts';
import { runApp } from '../../src/commands/app.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil, type TestRedis } from '../support/redis.ts';
import { CELEROOT } from '../support/worker.ts';

/** Hosts whose workers never run: their jobs wait, so that a run can be left, lost sight of and asked about. */
const HOSTS = Array.from({ length: 60 }, (_, index) => `  h${index}: { roles: [web] }\n`).join('');

const things = new AsyncDisposableStack();
let redis: TestRedis;
let folder: FleetFolder;
before(async () => {
  redis = things.use(await startRedis());
  folder = things.use(
    await makeFleetFolder({ broker: `{ url: "redis://127.0.0.1:${redis.port}" }`, roles: '  web: {}\n', hosts: HOSTS }),
  );
});
after(() => things.disposeAsync());
forbidLeaks();

async function run(args: readonly string[], overrides: Partial<CliContext> = {}): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path, ...overrides });
}

test('before anything was sent, the latest run is none yet', async () => {
  const { code, stderr } = await run(['runs', 'show', 'latest']);
  assert.equal(code, 5);
  assert.equal(
    stderr,
    'error[UNKNOWN_RUN]: there are no runs yet\nhint: for example:  celeroot run system.ping --all\n',
  );
});

test('more than 50 hosts need a yes, and without a terminal to ask on nothing is sent', async () => {
  const refused = await run(['system', 'ping', '--all']);
  assert.equal(refused.code, 5);
  assert.match(
    refused.stderr,
    /^error\[CONFIRMATION_NEEDED\]: system\.ping on 60 hosts \(all hosts\) needs a yes.*\nhint: add --yes/,
  );
  assert.equal(await redis.command('EXISTS', '{celeroot}:runs'), '0');
});

test('the question names task and hosts; a no sends nothing, a yes does', async () => {
  const questions: string[] = [];
  const answer = (yes: boolean): Partial<CliContext> => ({
    confirm: (question) => {
      questions.push(question);
      return Promise.resolve(yes);
    },
  });
  const no = await run(['system', 'ping', '--all', '--detach'], answer(false));
  assert.equal(no.code, 5);
  assert.match(no.stderr, /was not confirmed\nhint: nothing was sent/);
  assert.equal(await redis.command('EXISTS', '{celeroot}:runs'), '0');
  assert.equal((await run(['system', 'ping', '--all', '--detach'], answer(true))).code, 0);
  assert.deepEqual(
    questions,
    Array.from({ length: 2 }, () => 'Do system.ping on 60 hosts (all hosts)?'),
  );
});

test('--yes asks nobody, and every host gets its job', async () => {
  const { code, stdout } = await run(['system', 'ping', '--all', '--yes', '--detach']);
  assert.equal(code, 0);
  assert.match(stdout, /is sent to 60 hosts/);
  const { stdout: shown } = await run(['runs', 'show', 'latest']);
  assert.equal(shown.match(/^h\d+ +… offline/gm)?.length, 60);
});

type Following = {
  readonly ended: Promise<number>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly interrupt: () => void;
};

/** Starts a run that nobody answers and waits until it is followed. */
async function follow(...args: readonly string[]): Promise<Following> {
  const stdout = memoryOutput();
  const stderr = memoryOutput();
  let interrupt: () => void = () => undefined;
  const ended = runApp(args, {
    ...testContext(),
    cwd: folder.path,
    stdout,
    stderr,
    onSignal: (signal, listener) => {
      if (signal === 'SIGINT') interrupt = listener;
      return { [Symbol.dispose]: () => undefined };
    },
  });
  await waitUntil(() => /offline|"type":"run"/.test(stdout.text()), 'the run to be followed');
  return { ended, stdout: stdout.text, stderr: stderr.text, interrupt: () => interrupt() };
}

test('where --config was needed, what is to be typed next has it', async () => {
  const celeroot = `celeroot --config ${folder.file}`;
  const elsewhere = async (...args: readonly string[]): Promise<CliResult> =>
    await runCli(['--config', folder.file, ...args]);

  const sent = await elsewhere('system', 'ping', '--host', 'h1', '--detach');
  const [, id = ''] = /^run (\w+) is sent/.exec(sent.stdout) ?? [];

  assert.equal(sent.stdout, `run ${id} is sent to 1 host; follow it with:  ${celeroot} runs show ${id} --follow\n`);
  assert.equal((await elsewhere('runs', 'logs', 'zzz')).stderr.split('\n')[1], `hint: see  ${celeroot} runs ls`);
  assert.equal((await elsewhere('runs', 'retry', id)).stderr.split('\n')[1], `hint: see  ${celeroot} runs show ${id}`);
});

test('an interrupt detaches at once, says how to go on, and leaves the job in its queue', async () => {
  const { ended, stderr, interrupt } = await follow('system', 'ping', '--host', 'h1', '--wait');
  interrupt();
  assert.equal(await ended, 130);
  assert.match(stderr(), /^detached; the run goes on\. Follow it with: {2}celeroot runs show \w{26} --follow\n$/);
  assert.match((await run(['runs', 'show', 'latest'])).stdout, /^h1 +… offline/m);
});

test('a reader who goes away early, as head does, is no error', async () => {
  const [, celeroot = ''] = CELEROOT;
  const pipeline = '{ "$0" "$1" hosts ls --json; echo "code $?" >&2; } | head -n 1';
  const child = spawn('sh', ['-c', pipeline, process.execPath, celeroot], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  assert.equal(stdout, '{\n');
  assert.equal(stderr, 'code 0\n');
});

test('Redis dying in mid-watch is one clear error that says the run goes on', async () => {
  await using other = await startRedis();
  await using fleet = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${other.port}" }`,
    roles: '  web: {}\n',
    hosts: HOSTS,
  });
  const stdout = memoryOutput();
  const stderr = memoryOutput();
  const ended = runApp(['system', 'ping', '--host', 'h3', '--wait'], {
    ...testContext(),
    cwd: fleet.path,
    stdout,
    stderr,
  });
  await waitUntil(() => /offline/.test(stdout.text()), 'the run to be followed');
  await other.kill();
  assert.equal(await ended, 4);
  assert.match(stderr.text(), /^error\[BROKER_UNREACHABLE\]: lost sight of run \w{26}, which goes on: .*\n/);
  assert.match(stderr.text(), /follow it again: {2}celeroot runs show \w{26} --follow/);
  assert.equal(stderr.text().match(/error\[/g)?.length, 1);
});

test('broker check says that Redis is fit, and what mends it when it is not', async () => {
  const fit = await run(['broker', 'check']);
  assert.equal(fit.code, 0);
  assert.match(fit.stdout, /^fit +yes/m);

  await using other = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
  await using fleet = await makeFleetFolder({ broker: `{ url: "redis://127.0.0.1:${other.port}" }` });
  const unfit = await runCli(['broker', 'check'], { cwd: fleet.path });
  assert.equal(unfit.code, 4);
  assert.match(unfit.stdout, /^fit +no$/m);
  assert.match(unfit.stdout, /mend with +.*CONFIG SET maxmemory-policy noeviction/);
});

test('broker check says that passwords pass in clear where Redis is elsewhere and has no TLS', async () => {
  // By this address a machine reaches itself too.
  await using fleet = await makeFleetFolder({ broker: `{ url: "redis://0.0.0.0:${redis.port}" }` });

  const { code, stdout } = await runCli(['broker', 'check'], { cwd: fleet.path });

  assert.equal(code, 0);
  assert.match(stdout, /^fit +yes, but$/m);
  assert.match(stdout, /^warning +there is no TLS: .*\n {2}mend with +give Redis a tls-port, /m);
});
