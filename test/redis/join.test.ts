import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadFleet } from '../../src/config/load.ts';
import { namedHost } from '../../src/config/named-host.ts';
import { renderWorkerFile } from '../../src/config/worker-file.ts';
import { answerJoin } from '../../src/worker/answer-join.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil, type TestRedis } from '../support/redis.ts';
import { spawnWorker, type SpawnedWorker } from '../support/spawn-worker.ts';

/** Hosts of which the files lie in folders here; that they are one machine is what machines are told apart by. */
const PASSWORD = 'the controller’s';
const things = new AsyncDisposableStack();
let redis: TestRedis;
let folder: FleetFolder;
before(async () => {
  redis = things.use(await startRedis({ password: PASSWORD }));
  const broker = `{ url: "redis://127.0.0.1:${redis.port}", password: "${PASSWORD}" }`;
  folder = things.use(await makeFleetFolder({ broker, joined: false, roles: '  web: {}\n', hosts: HOSTS }));
});
after(() => things.disposeAsync());
forbidLeaks();

const HOSTS = ['web1', 'web2', 'web3', 'web4', 'web5', 'web6'].map((name) => `  ${name}: { roles: [web] }\n`).join('');

type Machine = { readonly file: string; readonly stateDir: string };

/** What the script of `hosts join` writes on a machine. */
async function prepare(name: string, place = name): Promise<Machine> {
  const stateDir = join(folder.path, 'machines', place);
  await mkdir(stateDir, { recursive: true });
  const fleet = loadFleet(folder.file, {});
  const file = join(stateDir, 'worker.yaml');
  await writeFile(file, renderWorkerFile(fleet, namedHost(fleet, name), { leastTrust: 1, login: 'own' }));
  return { file, stateDir };
}

async function answerOf({ file, stateDir }: Machine, newSecrets = false): Promise<string> {
  return await answerJoin({ workerFile: file, stateDir, newSecrets, env: {}, clock: Date });
}

async function celeroot(args: readonly string[], stdin = ''): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path, readStdin: async () => stdin });
}

async function accept(name: string, answer: string, ...flags: readonly string[]): Promise<CliResult> {
  return await celeroot(['hosts', 'accept', name, ...flags], answer);
}

async function mustAccept(name: string, answer: string, ...flags: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await accept(name, answer, ...flags);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function users(): Promise<readonly string[]> {
  return (await redis.command('ACL', 'USERS')).split('\n').filter((user) => user.startsWith('celeroot.'));
}

/** The ids of its connections. */
async function clientsOf(name: string): Promise<readonly string[]> {
  const lines = (await redis.command('CLIENT', 'LIST')).split('\n');
  return lines.filter((line) => line.includes(` user=celeroot.${name} `)).map((line) => line.split(' ')[0] ?? '');
}

async function endOf(worker: SpawnedWorker): Promise<void> {
  worker.signal('SIGTERM');
  assert.equal((await worker.exit).code, 0);
}

test('a worker waits for being accepted, then is there at once; the same answer again changes nothing', async () => {
  const machine = await prepare('web1');
  const answer = await answerOf(machine);
  await using worker = spawnWorker(machine.file, machine.stateDir);
  await worker.says(/does not let this host in \(yet\); waiting until it is accepted/);

  const stdout = await mustAccept('web1', answer);

  assert.match(stdout, /^recorded web1 in celeroot\.yaml: its key is ed25519:.*\nweb1 joined: celeroot /);
  assert.equal(worker.lines.filter((line) => /does not let this host in/.test(line)).length, 1);
  assert.deepEqual(await users(), ['celeroot.web1']);
  const yaml = await readFile(folder.file, 'utf8');
  const clients = await clientsOf('web1');
  assert.match(await mustAccept('web1', await answerOf(machine)), /^web1 has joined already, and is there: /);
  assert.equal(await readFile(folder.file, 'utf8'), yaml);
  assert.deepEqual(await clientsOf('web1'), clients);
  const password = (await readFile(join(machine.stateDir, 'redis.password'), 'utf8')).trim();
  assert.ok(!yaml.includes(password));
  assert.equal((await celeroot(['system', 'ping', '--host', 'web1'])).code, 0);
  await endOf(worker);
});

test('a host that is installed anew needs a yes, which says what differs', async () => {
  const old = await prepare('web2');
  await using worker = spawnWorker(old.file, old.stateDir);
  await mustAccept('web2', await answerOf(old));
  await endOf(worker);
  const anew = await prepare('web2', 'web2-anew');
  const answer = await answerOf(anew);
  await using other = spawnWorker(anew.file, anew.stateDir);

  const refused = await accept('web2', answer);
  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /^error\[KEY_EXISTS\]: web2 has another key .*the same machine: recorded is ed25519:/);
  assert.match(refused.stderr, /hint: .*--replace/);

  await mustAccept('web2', answer, '--replace');
  await endOf(other);
});

test('a copy of a host is refused under its name, and under another until it has a key of its own', async () => {
  const machine = await prepare('web3');
  await using worker = spawnWorker(machine.file, machine.stateDir);
  await mustAccept('web3', await answerOf(machine));
  const yaml = await readFile(folder.file, 'utf8');
  const recorded = /web3: .*machine: ([0-9a-f]{32})/.exec(yaml)?.[1] ?? assert.fail(yaml);
  await writeFile(folder.file, yaml.replaceAll(recorded, 'f'.repeat(32)));

  const twice = await accept('web3', await answerOf(machine));
  assert.equal(twice.code, 5);
  assert.match(twice.stderr, /^error\[HOST_TWICE\]: this is not the machine that joined as web3, but it has its key/);
  const shown = await celeroot(['hosts', 'show', 'web3']);
  assert.match(shown.stdout + shown.stderr, /two machines answer as web3/);
  const ping = await celeroot(['system', 'ping', '--host', 'web3']);
  assert.match(ping.stderr, /^error\[HOST_TWICE\]/);
  assert.equal(ping.code, 5);
  await endOf(worker);

  const copy = await prepare('web4');
  await copyFile(join(machine.stateDir, 'host.key'), join(copy.stateDir, 'host.key'));
  const asWeb4 = await accept('web4', await answerOf(copy));
  assert.match(asWeb4.stderr, /^error\[KEY_EXISTS\]: the key of this machine is that of web3\nhint: .*rename/);
  await using other = spawnWorker(copy.file, copy.stateDir);
  await waitUntil(() => other.lines.some((line) => /does not let this host in/.test(line)), 'the copy to wait');
  await endOf(other);
  const answer = await answerOf(copy, true);
  await using own = spawnWorker(copy.file, copy.stateDir);
  assert.match((await accept('web4', answer)).stdout, /^web4 joined/m);
  await endOf(own);
  await writeFile(folder.file, (await readFile(folder.file, 'utf8')).replaceAll('f'.repeat(32), recorded));
});

test('a host that is renamed or retired is shut out, and its worker ends when it is told to', async () => {
  const machine = await prepare('web5');
  await using worker = spawnWorker(machine.file, machine.stateDir);
  await mustAccept('web5', await answerOf(machine));
  const key = 'celeroot}:presence:web5';
  assert.equal(await redis.command('EXISTS', `{${key}`), '1');

  const unasked = await celeroot(['hosts', 'retire', 'web5']);
  const retired = await celeroot(['hosts', 'retire', 'web5', '--yes']);

  assert.match(unasked.stderr, /^error\[CONFIRMATION_NEEDED\]: take web5 out of celeroot\.yaml, end its connections/);
  assert.equal(retired.code, 0, retired.stderr);
  assert.match(retired.stdout, /ssh root@web5 'apt-get purge --yes celeroot'\n$/);
  assert.ok(!(await users()).includes('celeroot.web5'));
  assert.equal(await redis.command('KEYS', '{celeroot}:*web5*'), '');
  await endOf(worker);
  assert.equal(await redis.command('KEYS', '{celeroot}:*web5*'), '');
});

test('a host that was renamed shows how its machine is told, until that has answered to its new name', async () => {
  assert.equal((await celeroot(['hosts', 'add', 'old', '--role', 'web'])).code, 0);
  const machine = await prepare('old');
  await using worker = spawnWorker(machine.file, machine.stateDir);
  await mustAccept('old', await answerOf(machine));
  await endOf(worker);

  const unasked = await celeroot(['hosts', 'rename', 'old', 'new']);
  const renamed = await celeroot(['hosts', 'rename', 'old', 'new', '--yes']);

  assert.match(unasked.stderr, /rename old, shut its worker out until it is told, and drop its jobs needs a yes/);
  const line = /^ {2}(celeroot hosts join new \| ssh root@\S+ sh \| celeroot hosts accept new)$/m.exec(
    renamed.stdout,
  )?.[1];
  assert.ok(line, renamed.stdout + renamed.stderr);
  const [shown, listed] = [await celeroot(['hosts', 'show', 'new']), await celeroot(['hosts', 'ls'])];
  for (const { stdout } of [shown, listed]) assert.ok(stdout.includes('still old') && stdout.includes(line), stdout);
  assert.match((await celeroot(['hosts', 'join', 'new', '--without-package'])).stdout, /^RENAMED_FROM=old$/m);

  const told = await prepare('new', 'old');
  await using again = spawnWorker(told.file, told.stateDir);
  await mustAccept('new', await answerOf(told));
  assert.doesNotMatch((await celeroot(['hosts', 'show', 'new'])).stdout, /to tell it|still/);
  await endOf(again);
});

test('where our user may not make others, it is said what to type, and what is recorded stays', async () => {
  const limited = ['limited', 'on', '>limited', '~*', '&*', '+@all', '-acl'];
  await redis.command('ACL', 'SETUSER', ...limited);
  const env = { CELEROOT_REDIS_USER: 'limited', CELEROOT_REDIS_PASSWORD: 'limited' };
  const answer = await answerOf(await prepare('web6'));

  const refused = await runCli(['hosts', 'accept', 'web6'], { cwd: folder.path, env, readStdin: async () => answer });

  assert.equal(refused.code, 4);
  assert.match(refused.stderr, /^error\[BROKER_REFUSED\]: web6 is recorded in .*, but Redis does not let it in: /m);
  assert.match(refused.stderr, /celeroot broker acl ; then: {2}celeroot hosts accept web6 --wait/);
  assert.match(await readFile(folder.file, 'utf8'), /web6: .*broker_password: sha256:/);
});

test('what is no answer of that host is refused, and nothing is written', async () => {
  const before = await readFile(folder.file, 'utf8');
  const answer = await answerOf(await prepare('web6'));
  const cases: readonly (readonly [stdin: string, code: number, error: RegExp])[] = [
    ['', 1, /^error\[JOIN_UNFINISHED\]: no answer came from web1: the script there did not finish\nhint: see above/],
    [
      'ssh: connect to host web1: refused\n',
      5,
      /^error\[JOIN_ANSWER_INVALID\]: what came is no answer of a host: "ssh/,
    ],
    [`${answer}\n${answer}\n`, 5, /^error\[JOIN_ANSWER_INVALID\]: what came is no answer/],
    [answer, 5, /^error\[JOIN_ANSWER_INVALID\]: the answer is that of web6 in the fleet test, not of web1 in test\n/],
  ];
  for (const [stdin, code, error] of cases) {
    const result = await accept('web1', stdin);
    assert.match(result.stderr, error);
    assert.equal(result.code, code);
  }
  assert.equal(await readFile(folder.file, 'utf8'), before);
});
