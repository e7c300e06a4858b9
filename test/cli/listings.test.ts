import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { attempt } from '../../lab/run-command.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';

let folder: FleetFolder;
before(async () => {
  folder = await makeFleetFolder();
});
after(() => folder[Symbol.asyncDispose]());

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

test('hosts ls works without Redis, says so on standard error, and succeeds', async () => {
  const { code, stdout, stderr } = await run('hosts', 'ls');
  assert.equal(code, 0);
  const [head, first, ...others] = stdout.trimEnd().split('\n');
  assert.match(head ?? '', /^HOST +ROLES +STATUS +OS +UPGRADES +REBOOT +WORKER$/);
  assert.match(first ?? '', /^web1 +webserver +\? +\? +\? +\? +\?$/);
  assert.equal(others.length, 2);
  assert.match(
    stderr,
    /^warning: .*127\.0\.0\.1:1.*; showing only what .*celeroot\.yaml says\nhint: .*redis-cli -u URL ping\n$/,
  );
});

test('hosts alone and hosts list are hosts ls', async () => {
  const listed = await run('hosts', 'ls');
  assert.deepEqual(await run('hosts'), listed);
  assert.deepEqual(await run('hosts', 'list'), listed);
});

test('hosts ls --role shows the hosts of the role only', async () => {
  const { stdout } = await run('hosts', 'ls', '--role', 'db');
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(' ')[0]),
    ['db1'],
  );
});

test('hosts ls --json is one document that says what it lacks', async () => {
  const { code, stdout } = await run('hosts', 'ls', '--json');
  assert.equal(code, 0);
  const answer: unknown = JSON.parse(stdout);
  assert.partialDeepStrictEqual(answer, {
    hosts: [
      { name: 'web1', roles: ['webserver'], online: null, lastSeenAt: null, worker: null, facts: null },
      { name: 'web2' },
      { name: 'db1' },
    ],
    brokerError: { code: 'BROKER_UNREACHABLE' },
  });
});

test('hosts web1 and hosts show web1 show the same host', async () => {
  const shown = await run('hosts', 'show', 'web1');
  assert.equal(shown.code, 0);
  assert.match(shown.stdout, /^host {5}web1\n/);
  assert.deepEqual(await run('hosts', 'web1'), shown);
});

test('an empty fleet says how to add a host', async () => {
  await using empty = await makeFleetFolder({ hosts: '  {}\n' });
  const { stdout } = await runCli(['hosts', 'ls'], { cwd: empty.path });
  assert.match(stdout, /^no hosts; add one with: {2}celeroot hosts add/);
});

test('--config and CELEROOT_CONFIG name the file, wherever the flag stands', async () => {
  const before = await runCli(['--config', folder.file, 'hosts', 'ls']);
  const afterwards = await runCli(['hosts', 'ls', '--config', folder.file]);
  const byEnvironment = await runCli(['hosts', 'ls'], { env: { CELEROOT_CONFIG: folder.file } });
  assert.equal(before.code, 0);
  assert.deepEqual(afterwards, before);
  assert.deepEqual(byEnvironment, before);
});

test('tasks ls names every task and whether it changes the host', async () => {
  const { code, stdout } = await run('tasks', 'ls');
  assert.equal(code, 0);
  assert.match(stdout, /^TASK +CHANGES HOST +WHAT IT DOES\n/);
  assert.match(stdout, /\nsystem\.ping +no +\S/);
});

test('tasks show gives the schema of the arguments with --json', async () => {
  const { code, stdout } = await run('tasks', 'show', 'system.ping', '--json');
  assert.equal(code, 0);
  assert.partialDeepStrictEqual(JSON.parse(stdout), {
    task: { name: 'system.ping', changesHost: false, args: { type: 'object', additionalProperties: false } },
  });
});

test('a terminal that does not know its size counts as 80 columns wide', async () => {
  // script(1) makes a terminal of no columns and no rows when it is started without one itself.
  const celeroot = new URL('../../bin/celeroot.ts', import.meta.url).pathname;
  const { code, stdout } = await attempt(['script', '-qec', `${process.execPath} ${celeroot} tasks ls`, '/dev/null']);
  assert.equal(code, 0);
  assert.match(stdout, /apt\.update +yes +Fetch the package lists anew/);
});
