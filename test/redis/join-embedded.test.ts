import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openControllerBroker } from '../../src/queue/open.ts';
import { parseJoinToken } from '../../src/trust/join-token.ts';
import { answerJoin } from '../../src/worker/answer-join.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { joinHere } from '../support/join-here.ts';
import { makeMachine } from '../support/join-scene.ts';
import { makeListeningBroker, type ListeningBroker } from '../support/listening-broker.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { spawnWorker } from '../support/spawn-worker.ts';

/** Hosts of which the files lie in folders here join the embedded Redis of this machine over TLS. */
const things = new AsyncDisposableStack();
let redis: ListeningBroker;
let folder: FleetFolder;
before(async () => {
  redis = things.use(await makeListeningBroker());
  const broker = `{ embedded: true, listen: "127.0.0.1:${redis.port}" }`;
  const hosts = ['web1', 'web2'].map((name) => `  ${name}: { roles: [web] }\n`).join('');
  folder = things.use(await makeFleetFolder({ broker, joined: false, roles: '  web: {}\n', hosts }));
});
after(() => things.disposeAsync());
forbidLeaks();

async function celeroot(args: readonly string[], stdin = ''): Promise<CliResult> {
  const env = { CELEROOT_STATE_DIR: redis.stateDir };
  return await runCli(args, { cwd: folder.path, env, stateDir: redis.stateDir, readStdin: async () => stdin });
}

async function must(args: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await celeroot(args, stdin);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function users(): Promise<readonly string[]> {
  await using controller = await openControllerBroker(redis.controller());
  return await controller.hostUsers();
}

test('before celeroot up there is nothing to join, and what to type is said', async () => {
  const { code, stderr } = await celeroot(['hosts', 'join', 'web1', '--without-package']);

  assert.equal(code, 4);
  assert.match(
    stderr,
    /^error\[BROKER_UNREACHABLE\]: the embedded Redis has no certificate yet that hosts could pin\n/m,
  );
  assert.match(stderr, /hint: .*celeroot up/);
  const waiting = await celeroot(['hosts', 'ls']);
  assert.equal(waiting.code, 0);
  assert.match(waiting.stderr, /there is no Redis socket[^]*celeroot up/);
});

test('a host joins over TLS, works, and is shut out when it is retired', async () => {
  await redis.start();
  const script = await must(['hosts', 'join', 'web1', '--without-package']);
  const ca = await readFile(redis.files.authorityCertificate, 'utf8');
  const password = (await readFile(redis.files.password, 'utf8')).trim();
  assert.match(script, new RegExp(`url: "?rediss://127\\.0\\.0\\.1:${redis.port}/0`));
  for (const line of ca.trim().split('\n')) assert.ok(script.includes(line), line);
  assert.ok(!script.includes(password));
  assert.doesNotMatch(script, /PRIVATE KEY/);

  const stateDir = join(folder.path, 'machines', 'web1');
  await mkdir(stateDir, { recursive: true });
  const file = join(stateDir, 'worker.yaml');
  await writeFile(file, await must(['hosts', 'worker-file', 'web1']));
  const answer = await answerJoin({ workerFile: file, stateDir, newSecrets: false, env: {}, clock: Date });
  await using worker = spawnWorker(file, stateDir);
  await worker.says(/does not let this host in \(yet\); waiting until it is accepted/);

  assert.match(await must(['hosts', 'accept', 'web1'], answer), /^web1 joined: celeroot /m);
  assert.deepEqual(await users(), ['web1']);
  assert.match(await must(['system', 'ping', '--host', 'web1']), /pong/);
  assert.match(await must(['broker', 'check']), /^fit +yes$/m);

  const users2 = await must(['broker', 'acl']);
  assert.match(users2, /^user celeroot\.web1 on #[0-9a-f]{64} .*\n$/);
  assert.match(await must(['broker', 'acl', '--apply', '--yes']), /^Redis has exactly these users already$/m);
  assert.match(await readFile(redis.files.users, 'utf8'), /^user celeroot\.web1 on /m);

  await must(['hosts', 'retire', 'web1', '--yes']);
  assert.deepEqual(await users(), []);
  assert.doesNotMatch(await readFile(redis.files.users, 'utf8'), /^user celeroot\.web1 /m);
  await waitUntil(() => worker.lines.some((line) => /password|does not let/.test(line)), 'the worker to be shut out');
  worker.signal('SIGTERM');
  assert.equal((await worker.exit).code, 0);
});

test('a host joins by a token, which pins the authority, and nothing of that is left among the users', async () => {
  const machine = await makeMachine(folder.path, 'web2');
  const env = { CELEROOT_STATE_DIR: redis.stateDir };
  const here = await joinHere({ folder }, { name: 'web2', ask: machine.fingerprint, env, stateDir: redis.stateDir });
  const password = (await readFile(redis.files.password, 'utf8')).trim();
  const token = parseJoinToken(here.token);
  assert.deepEqual(token?.broker, {
    url: `rediss://127.0.0.1:${redis.port}/0`,
    ca: await readFile(redis.files.authorityCertificate, 'utf8'),
  });

  await using joining = machine.join(here.token);
  assert.equal(await joining.exit, 0, joining.stderr());
  await using worker = spawnWorker(machine.workerFile, machine.stateDir);

  const { code, stdout, stderr } = await here.result;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^web2 joined: celeroot /m);
  for (const text of [joining.stdout(), joining.stderr(), await readFile(machine.workerFile, 'utf8')])
    assert.ok(!text.includes(password));
  assert.match(await must(['system', 'ping', '--host', 'web2']), /pong/);
  const kept = await readFile(redis.files.users, 'utf8');
  assert.match(kept, /^user celeroot\.web2 on /m);
  assert.doesNotMatch(kept, /:join\./);
  worker.signal('SIGTERM');
  assert.equal((await worker.exit).code, 0);
});

test('no host shares the controller’s login', async () => {
  const { code, stderr } = await celeroot(['hosts', 'join', 'web2', '--without-package', '--shared-password']);

  assert.equal(code, 2);
  assert.match(stderr, /^error\[USAGE\]: hosts share no user of the embedded Redis: each has its own there\n/m);
});

test('what is shown of the configuration holds no password', async () => {
  const shown = await must(['config', 'show']);

  assert.match(shown, new RegExp(`embedded: true\n {2}listen: "?127\\.0\\.0\\.1:${redis.port}"?\n`));
  assert.doesNotMatch(shown, /^ {2}password|celeroot-controller/m);
  const { stderr } = await celeroot(['broker', 'acl']);
  assert.match(stderr, /celeroot keeps these users in its own Redis/);
});

test('when listen is changed under the Redis that runs, commands say what to do', async () => {
  const text = await readFile(folder.file, 'utf8');
  assert.equal((await celeroot(['hosts', 'ls'])).stderr, '');
  await writeFile(folder.file, text.replace(`127.0.0.1:${redis.port}`, '192.0.2.1:6390'));

  const { stderr } = await celeroot(['hosts', 'ls']);

  await writeFile(folder.file, text);
  assert.match(stderr, new RegExp(`^warning: the Redis that runs here was .* at 127\\.0\\.0\\.1:${redis.port}, and`));
  assert.match(stderr, /says now 192\.0\.2\.1:6390\nhint: stop it with {2}celeroot down/);
});
