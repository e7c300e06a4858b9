import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import type { CliContext } from '../../src/commands/context.ts';
import { hostNameSchema } from '../../src/core/names.ts';
import { Secret } from '../../src/core/secret.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { formatJoinToken, parseJoinToken } from '../../src/trust/join-token.ts';
import { runCli } from '../support/cli.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { joinHere, typing } from '../support/join-here.ts';
import { holderOf, setJoinScene, tokenIn, type CelerootProcess, type JoinScene } from '../support/join-scene.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { spawnWorker } from '../support/spawn-worker.ts';

let scene: JoinScene;
before(async () => {
  scene = await setJoinScene();
});
after(() => scene[Symbol.asyncDispose]());
forbidLeaks();

async function ended(celeroot: CelerootProcess, code: number, error: RegExp): Promise<void> {
  assert.equal(await celeroot.exit, code, celeroot.stderr());
  assert.match(celeroot.stderr(), error);
}

async function nothingIsLeft(): Promise<void> {
  assert.deepEqual(await scene.guests(), []);
  assert.equal(await scene.words(), '');
  assert.doesNotMatch(await readFile(scene.guarded.aclFile, 'utf8'), /:join\./);
}

async function yaml(): Promise<string> {
  return await readFile(scene.folder.file, 'utf8');
}

/** Argument lists and environment. */
async function shownBy({ pid }: CelerootProcess): Promise<string> {
  const texts = ['cmdline', 'environ'].map((what) => readFile(`/proc/${pid}/${what}`, 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

test('a machine joins by a token, once, and leaves nothing of it behind', async () => {
  const machine = await scene.machine('web1');
  await using controller = scene.controller(
    'hosts',
    'join',
    'web1',
    '--token',
    '--fingerprint',
    await machine.fingerprint(),
  );
  const text = await tokenIn(controller.stdout);
  const { token, seal } = holderOf(text, scene.guarded);
  assert.equal((await scene.guests()).length, 1);

  await using joining = machine.join(text);
  await joining.says(/fingerprint of the key of web1/);
  const shown = [await shownBy(controller), await shownBy(joining).catch(() => '')].join('\n');

  assert.equal(await joining.exit, 0, joining.stderr());
  assert.match(
    joining.stdout(),
    /^this machine is the host web1 of the fleet test: wrote .*\nTo start the worker, .*\n {2}celeroot worker /,
  );
  assert.match(await readFile(machine.workerFile, 'utf8'), /^least_trust: 1$/m);
  await using worker = spawnWorker(machine.workerFile, machine.stateDir);
  assert.equal(await controller.exit, 0, controller.stderr());
  assert.match(controller.stdout(), /^recorded web1 in celeroot\.yaml: its key is ed25519:.*\nweb1 joined: celeroot /m);
  await nothingIsLeft();
  for (const file of [
    machine.workerFile,
    `${dirname(machine.workerFile)}/redis.password`,
    `${machine.stateDir}/host.key`,
  ]) {
    assert.equal((await stat(file)).mode & 0o777, 0o600, file);
  }
  const secrets = [token.secret.reveal(), seal.password.reveal()];
  const said = `${shown}${controller.stderr()}${joining.stdout()}${joining.stderr()}${await yaml()}`;
  for (const secret of secrets) assert.ok(!said.includes(secret));
  assert.equal((await runCli(['system', 'ping', '--host', 'web1'], { cwd: scene.folder.path })).code, 0);

  await using again = machine.join(text);
  await ended(
    again,
    5,
    /^error\[JOIN_TOKEN_UNUSABLE\]: the token is good for nothing any more: Redis does not know it\nhint: /,
  );
  worker.signal('SIGTERM');
  assert.equal((await worker.exit).code, 0);
});

test('a second machine with the token is told so, and the join of the first one goes on', async () => {
  const [first, second] = [await scene.machine('web2'), await scene.machine('thief')];
  const { type, ask } = typing();
  const here = await joinHere(scene, { name: 'web2', ask });
  await using joining = first.join(here.token, '--json');
  await waitUntil(() => joining.stdout().includes('\n'), 'the fingerprint');
  await using late = second.join(here.token);
  await ended(late, 5, /^error\[JOIN_TOKEN_UNUSABLE\]: another machine has used this token already\n/);

  const { fingerprint } = z.object({ fingerprint: z.string() }).parse(JSON.parse(joining.stdout()));
  type(fingerprint.toUpperCase().replaceAll('-', ' '));
  assert.equal(await joining.exit, 0, joining.stderr());
  await using worker = spawnWorker(first.workerFile, first.stateDir);

  assert.equal((await here.result).code, 0);
  assert.deepEqual(JSON.parse(joining.stdout().split('\n')[1] ?? ''), {
    fleet: 'test',
    host: 'web2',
    file: first.workerFile,
    started: false,
    line: `celeroot worker ${first.workerFile}`,
  });
  assert.ok(!existsSync(second.workerFile));
  await nothingIsLeft();
  worker.signal('SIGTERM');
  assert.equal((await worker.exit).code, 0);
});

test('where the fingerprint is not that of the key, nothing is recorded, and the machine is told', async () => {
  const before = await yaml();
  for (const [typed, error, told] of [
    [
      '0000-0000-0000-0000-0000-0000',
      /^error\[FINGERPRINT_DIFFERS\]: the key that came as web1 has another fingerprint\nhint: nothing was recorded; /m,
      /has another fingerprint/,
    ],
    ['', /^error\[CONFIRMATION_NEEDED\]: nobody typed the fingerprint/m, /nobody typed/],
  ] as const) {
    const machine = await scene.machine(`wrong${typed.length}`);
    const here = await joinHere(scene, { name: 'web1', flags: ['--replace'], ask: async () => typed });
    await using joining = machine.join(here.token);

    await ended(joining, 5, /error\[JOIN_REFUSED\]: the controller refuses: .*\nhint: mend that/);
    assert.match(joining.stderr(), told);
    const { code, stderr } = await here.result;
    assert.equal(code, 5);
    assert.match(stderr, error);
    assert.ok(!stderr.includes(await machine.fingerprint()), stderr);
    assert.equal(stderr.match(/Is it a typing error/g)?.length ?? 0, typed === '' ? 0 : 2);
    assert.deepEqual((await readdir(machine.stateDir)).toSorted(), ['host.key', 'settings']);
    assert.deepEqual(await readdir(dirname(machine.workerFile)), ['redis.password']);
    await nothingIsLeft();
  }
  assert.equal(await yaml(), before);
});

test('a machine with another key than the recorded one needs --replace, before anybody is asked', async () => {
  const machine = await scene.machine('anew');
  const here = await joinHere(scene, { name: 'web1', ask: () => assert.fail('asked') });
  await using joining = machine.join(here.token);

  await ended(joining, 5, /error\[JOIN_REFUSED\]: the controller refuses: web1 has another key/);
  assert.match((await here.result).stderr, /error\[KEY_EXISTS\]: web1 has another key/);
  await nothingIsLeft();
});

test('after its time a token is good for nothing, wherever one looks', async () => {
  const later = { now: () => Date.now() + 16 * 60_000 };
  const clock = { now: () => Date.now() };
  const waiting = await joinHere(scene, { name: 'web1', ask: async () => '', clock });
  clock.now = later.now;
  const { code, stderr } = await waiting.result;
  assert.equal(code, 1);
  assert.match(stderr, /error\[JOIN_UNFINISHED\]: web1 did not join within the 15 min of the token\nhint: .*--token/);
  await nothingIsLeft();

  const machine = await scene.machine('late');
  const context = {
    clock: { now: () => Date.now() + 18 * 60_000 },
    stateDir: machine.stateDir,
    readStdin: async () => waiting.token,
  };
  const there = await runCli(['join', machine.workerFile], context);
  assert.equal(there.code, 5);
  assert.match(
    there.stderr,
    /^error\[JOIN_TOKEN_UNUSABLE\]: the time of the token was over at .*Z\nhint: .*is the clock here wrong/,
  );

  const asking = { now: () => Date.now() };
  const ask = async (): Promise<string> => {
    asking.now = later.now;
    return '';
  };
  const here = await joinHere(scene, { name: 'web1', flags: ['--replace'], clock: asking, ask });
  await using joining = machine.join(here.token);
  await ended(joining, 5, /JOIN_REFUSED.*did not join within/);
  assert.equal((await here.result).code, 1);
  await nothingIsLeft();
});

test('who is told to end on either side says so, and nothing is left', async () => {
  const machine = await scene.machine('interrupted');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    await using controller = scene.controller('hosts', 'join', 'web1', '--token', '--fingerprint', '0'.repeat(24));
    await tokenIn(controller.stdout);
    controller.signal(signal);
    await ended(controller, 1, /error\[INTERRUPTED\]: celeroot was told to end before web1 had joined/);
    await nothingIsLeft();
  }
  const { ask, asked, type } = typing();
  const here = await joinHere(scene, { name: 'web1', flags: ['--replace'], ask });
  await using joining = machine.join(here.token);
  await asked;
  joining.signal('SIGINT');
  await ended(joining, 1, /error\[INTERRUPTED\]: celeroot was told to end before this machine had joined/);
  type(await machine.fingerprint());

  const { code, stderr } = await here.result;
  assert.equal(code, 1);
  assert.match(stderr, /error\[JOIN_UNFINISHED\]: web1 gave up: celeroot was told to end/);
  assert.ok(!existsSync(machine.workerFile));
  await nothingIsLeft();
});

test('what a killed controller leaves is of no use, and goes after its time with the next change of users', async () => {
  await using controller = scene.controller('hosts', 'join', 'web1', '--token', '--fingerprint', '0'.repeat(24));
  await tokenIn(controller.stdout);
  controller.signal('SIGKILL');
  await controller.exit;
  const [left = ''] = await scene.guests();
  assert.match(left, /web1:join\./);

  const { controller: settings, redis } = scene.guarded;
  await using broker = await openControllerBroker(settings);
  const expired = { host: hostNameSchema.parse('web1'), id: 'f'.repeat(16), expiresAt: Date.now() - 3 * 60_000 };
  // As one that was killed: not closed, and its words lie there without an end.
  await broker.openJoinDoor(expired, new Secret('x'));
  await redis.command('SET', `{celeroot:${settings.environment}}:join:${expired.id}:offer`, 'x');
  assert.equal((await scene.guests()).length, 2);
  await broker.changeHostUsers({ add: [], change: [], remove: [] });
  assert.deepEqual(await scene.guests(), [left]);
  assert.equal(await scene.words(), '');
  await redis.command('ACL', 'DELUSER', left);
});

test('a machine that is another host stays that, and one without a whole token gets no further', async () => {
  const machine = await scene.machine('web1');
  const here = await joinHere(scene, { name: 'web2', ask: async () => '' });
  const joinWith = async (input: string): Promise<string> => {
    const { code, stderr } = await runCli(['join', machine.workerFile], {
      stateDir: machine.stateDir,
      readStdin: async () => input,
    });
    assert.equal(code, 5);
    return stderr;
  };
  const file = await readFile(machine.workerFile, 'utf8');
  assert.match(
    await joinWith(here.token),
    /^error\[JOIN_REFUSED\]: this machine is the host web1 of the fleet test; the token is for web2 of test\n/,
  );
  assert.equal(await readFile(machine.workerFile, 'utf8'), file);
  assert.match(await joinWith(''), /^error\[JOIN_TOKEN_UNUSABLE\]: no token came\n/);
  assert.match(await joinWith(here.token.slice(0, 200)), /^error\[JOIN_TOKEN_UNUSABLE\]: what came is no whole token/);
  assert.deepEqual(
    await runCli(['join', '--show-fingerprint', '--json'], { stateDir: machine.stateDir }).then(({ code }) => code),
    0,
  );

  const thief = await scene.machine('nobody');
  await using other = thief.join(here.token);
  await ended(other, 5, /JOIN_REFUSED.*web2 has another key/);
  await here.result;
});

test('where no token can be used, that is said before one is made', async () => {
  const cwd = scene.folder.path;
  const { redis } = scene.guarded;
  await redis.command('ACL', 'SETUSER', 'limited', 'on', '>limited', '~*', '&*', '+@all', '-acl');
  const limited = { CELEROOT_REDIS_USER: 'limited', CELEROOT_REDIS_PASSWORD: 'limited' };
  const ask = async (): Promise<string> => '';
  await using embedded = await makeFleetFolder({ broker: '{ embedded: true }', joined: false });
  const cases: readonly (readonly [
    args: readonly string[],
    context: Partial<CliContext>,
    code: number,
    error: RegExp,
  ])[] = [
    [
      ['web1', '--token'],
      {},
      5,
      /^error\[CONFIRMATION_NEEDED\]: somebody must type the fingerprint .*\nhint: .*--show-fingerprint/,
    ],
    [['web1', '--token', '--fingerprint', 'yes'], {}, 2, /^error\[USAGE\]: "yes" is no fingerprint/],
    [['web9', '--token'], { ask }, 5, /^error\[UNKNOWN_HOST\]/],
    [['web1', '--token', '--arch', 'arm64'], { ask }, 2, /^error\[USAGE\]: .*--token.* cannot be used with .*--arch/],
    [['web1', '--replace'], { ask }, 2, /^error\[USAGE\]: --fingerprint and --replace go with --token/],
    [
      ['web1', '--token'],
      { ask, env: limited },
      4,
      /^error\[BROKER_REFUSED\]: the user limited of Redis may not keep the users of hosts\n/,
    ],
    [
      ['web1', '--token'],
      { ask, cwd: embedded.path },
      2,
      /^error\[USAGE\]: the embedded Redis listens to no other host, which so cannot join by token\n/,
    ],
  ];
  for (const [args, context, code, error] of cases) {
    const result = await runCli(['hosts', 'join', ...args], { cwd, ...context });
    assert.match(result.stderr, error);
    assert.equal(result.stdout, '');
    assert.equal(result.code, code);
  }
  await nothingIsLeft();
});

test('over TLS the token pins the authority of Redis, and a machine with another one goes no further', async () => {
  await using overTls = await setJoinScene({ tls: true });
  const machine = await overTls.machine('web1');
  const here = await joinHere(overTls, { name: 'web1', ask: machine.fingerprint });
  const token = parseJoinToken(here.token) ?? assert.fail(here.token);
  await using others = await temporaryFolder();
  const { ca } = await makeCertificates(others.path);
  const fooled = await overTls.machine('fooled');

  await using refused = fooled.join(formatJoinToken({ ...token, broker: { ...token.broker, ca } }));
  await ended(refused, 4, /^error\[BROKER_REFUSED\]: the certificate of Redis is not trusted at rediss:/);
  assert.deepEqual(await readdir(fooled.stateDir), []);

  await using joining = machine.join(here.token);
  assert.equal(await joining.exit, 0, joining.stderr());
  await using worker = spawnWorker(machine.workerFile, machine.stateDir);
  assert.equal((await here.result).code, 0);
  assert.deepEqual(await overTls.guests(), []);
  worker.signal('SIGTERM');
  assert.equal((await worker.exit).code, 0);
});
