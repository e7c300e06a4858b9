import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';
import * as z from 'zod';
import { createApp } from '../../src/commands/app.ts';
import { RESERVED_NAMES } from '../../src/core/names.ts';
import { makeSigningKey } from '../../src/trust/key.ts';
import { runCli, type CliResult, testContext } from '../support/cli.ts';
import { type FleetFolder, makeFleetFolder } from '../support/fleet-folder.ts';

let folder: FleetFolder;
beforeEach(async () => {
  folder = await makeFleetFolder({ joined: false });
});
afterEach(() => folder[Symbol.asyncDispose]());

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

/** The answer of a command that must succeed. */
async function answer(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function json<T>(schema: z.ZodType<T>, ...args: readonly string[]): Promise<T> {
  return schema.parse(JSON.parse(await answer(...args, '--json')));
}

const stepsSchema = z.array(z.strictObject({ what: z.string(), command: z.string() }));

test('hosts add writes the host and says what to type, with nothing secret', async () => {
  const before = await readFile(folder.file, 'utf8');

  const stdout = await answer('hosts', 'add', 'web3', '--address', 'web3.example.org', '--role', 'webserver,db');

  assert.equal(
    await readFile(folder.file, 'utf8'),
    `${before}  web3:\n    address: web3.example.org\n    roles: [webserver, db]\n`,
  );
  assert.match(stdout, /^added web3 to celeroot\.yaml \(roles: webserver, db\)\n\nTo join web3, /);
  assert.match(
    stdout,
    /\n {2}celeroot hosts join web3 \| ssh root@web3\.example\.org sh \| celeroot hosts accept web3\nThen check: {2}celeroot hosts web3\n$/,
  );
});

test('hosts add says the same as data, and how it was called', async () => {
  const schema = z.strictObject({
    file: z.string(),
    host: z.strictObject({
      name: z.string(),
      address: z.string(),
      roles: z.array(z.string()),
      description: z.null(),
      key: z.null(),
      outgoingKey: z.null(),
      previousKeys: z.tuple([]),
      brokerPassword: z.null(),
      renamedFrom: z.null(),
      machine: z.null(),
      labels: z.strictObject({}),
    }),
    line: z.string(),
    warning: z.string().nullable(),
  });

  const added = await json(
    schema,
    'hosts',
    'add',
    'x',
    '--role',
    'db',
    '--address',
    'fe80::1%eth0',
    '--config',
    folder.file,
  );

  assert.equal(added.host.address, 'fe80::1%eth0');
  const celeroot = `celeroot --config ${folder.file}`;
  assert.equal(added.line, `${celeroot} hosts join x | ssh root@fe80::1%eth0 sh | ${celeroot} hosts accept x`);
  assert.match(added.warning ?? '', /is at 127\.0\.0\.1, which is each host itself/);
});

test('a broker that only this machine reaches, or that has no TLS, is said so, and no password is printed', async () => {
  await using embedded = await makeFleetFolder({ joined: false, broker: '{ embedded: true }' });
  await using secret = await makeFleetFolder({
    joined: false,
    broker: '{ url: "redis://10.0.0.1", password: hunter2 }',
  });
  await using safe = await makeFleetFolder({ joined: false, broker: '{ url: "rediss://10.0.0.1" }' });
  const add = ['hosts', 'add', 'web3', '--role', 'webserver'];

  const onSocket = await runCli(add, { cwd: embedded.path });
  const withPassword = await runCli(add, { cwd: secret.path });
  const withTls = await runCli(add, { cwd: safe.path });

  assert.match(
    onSocket.stderr,
    /^warning: this fleet’s Redis is a socket of this machine, which no other host reaches; let it listen, or name/,
  );
  assert.match(withPassword.stderr, /^warning: hosts send their passwords to Redis without TLS, .*; give it TLS, /);
  assert.equal(withTls.stderr, '');
  assert.doesNotMatch(withPassword.stdout, /hunter2/);
});

test('hosts worker-file prints a file that a worker can be started with', async () => {
  const text = await answer('hosts', 'worker-file', 'web1');

  assert.match(text, /^# What web1 needs .*\nversion: 1\nfleet: test\nhost: web1\n/);
  const schema = z.strictObject({ host: z.string(), text: z.string(), warning: z.string() });
  assert.equal((await json(schema, 'hosts', 'worker-file', 'web1')).text, text);
});

test('what a host is told when it joins names the version of the trust file that it must not be behind', async () => {
  await using newer = await makeFleetFolder();
  await runCli(['keys', 'add', 'ada', '--public', makeSigningKey().id], { cwd: newer.path });

  for (const words of [
    ['worker-file', 'web1'],
    ['join', 'web1', '--without-package'],
  ]) {
    const { stdout, stderr } = await runCli(['hosts', ...words], { cwd: newer.path });
    assert.match(stdout, /^least_trust: 2$/m, stderr);
  }
});

test('hosts edit changes what was asked and says how the worker learns of it', async () => {
  const stdout = await answer('hosts', 'edit', 'web1', '--add-role', 'db', '--remove-role', 'webserver');

  assert.match(await readFile(folder.file, 'utf8'), /\n {2}web1: \{ roles: \[db\] \}\n/);
  assert.match(stdout, /^changed web1 in celeroot\.yaml \(roles: db; address: web1\)\n/);
  assert.match(stdout, /celeroot hosts join web1 \| ssh root@web1 sh \| celeroot hosts accept web1\n/);
});

test('hosts edit of address and description leaves the worker alone, and a second time changes nothing', async () => {
  const schema = z.strictObject({ file: z.string(), changed: z.boolean(), host: z.json(), steps: stepsSchema });
  const line = ['hosts', 'edit', 'web1', '--address', '10.0.0.1', '--description', 'First: rack 1'];

  const first = await json(schema, ...line);
  const after = await readFile(folder.file, 'utf8');
  const second = await json(schema, ...line);

  assert.deepEqual([first.changed, first.steps, second.changed], [true, [], false]);
  assert.match(after, / {2}web1: \{ roles: \[webserver\], address: 10\.0\.0\.1, description: "First: rack 1" \}\n/);
  assert.equal(await readFile(folder.file, 'utf8'), after);
  assert.match(await answer(...line), /^web1 is so already in celeroot\.yaml; nothing is changed\n$/);
});

test('hosts retire and its aliases ask first, and say what is left on the machine', async () => {
  await using joined = await makeFleetFolder();
  const before = await readFile(joined.file, 'utf8');
  const say = async (line: string): Promise<CliResult> => await runCli(line.split(' '), { cwd: joined.path });

  const [unasked, unreached] = [await say('hosts rm web1'), await say('hosts retire web1 --yes')];
  assert.deepEqual([unasked.code, unreached.code, (await say('hosts rename web1 web3')).code], [5, 4, 5]);
  assert.match(unasked.stderr, /^error\[CONFIRMATION_NEEDED\]: take web1 out of celeroot\.yaml, end its connections/);
  const renamed = await say('hosts rename web1 web3 --yes');
  for (const { stderr } of [unreached, renamed]) assert.match(stderr, /^error\[BROKER_UNREACHABLE\]/);
  assert.equal(await readFile(joined.file, 'utf8'), before, 'nothing is changed that Redis was not told of');

  const retired = await say('hosts retire web1 --yes --only-file');
  const schema = z.strictObject({ file: z.string(), retired: z.string(), line: z.string() });
  const second = schema.parse(JSON.parse((await say('hosts remove web2 --yes --only-file --json')).stdout));

  assert.match(retired.stdout, /^removed web1 from celeroot\.yaml; it is sent nothing more\n/);
  assert.match(retired.stdout, /\n {2}ssh root@web1 'apt-get purge --yes celeroot'\n$/);
  assert.equal(second.line, "ssh root@web2 'apt-get purge --yes celeroot'");
  assert.match(await readFile(joined.file, 'utf8'), /hosts:\n {2}db1: \{ .*roles: \[db\] \}\n$/);
});

test('roles are added, shown, listed, changed and removed', async () => {
  await answer('roles', 'add', 'mail', '--queue', 'mx', '--concurrency', '2', '--task', 'apt.*,system.ping');
  await answer(
    'roles',
    'edit',
    'mail',
    '--add-exclude',
    'exim4*',
    '--remove-task',
    'system.ping',
    '--description',
    'Mail',
  );

  const roleSchema = z.looseObject({ name: z.string(), hosts: z.array(z.string()), exclude: z.array(z.string()) });
  const { roles } = await json(z.strictObject({ roles: z.array(roleSchema) }), 'roles', 'list');
  assert.deepEqual(
    roles.map(({ name, hosts }) => [name, hosts]),
    [
      ['webserver', ['web1', 'web2']],
      ['db', ['db1']],
      ['mail', []],
    ],
  );
  const { role } = await json(z.strictObject({ role: roleSchema }), 'roles', 'mail');
  assert.deepEqual(role, {
    name: 'mail',
    description: 'Mail',
    queues: ['mx'],
    concurrency: 2,
    tasks: ['apt.*'],
    exclude: ['exim4*'],
    maxUnavailable: null,
    hosts: [],
  });
  assert.match(
    await answer('roles', 'ls'),
    /^ROLE +HOSTS +QUEUES .*\nwebserver +2 +webserver +4 +\* +Public web tier\n/,
  );
  assert.equal(await answer('roles', 'show', 'mail'), await answer('roles', 'mail'));
  assert.match(await answer('roles', 'remove', 'mail'), /^removed role mail from celeroot\.yaml\n$/);
  assert.doesNotMatch(await readFile(folder.file, 'utf8'), /mail/);
});

test('a role with nothing in a list says so, and a task nobody knows can be taken off again', async () => {
  const text = await readFile(folder.file, 'utf8');
  await writeFile(
    folder.file,
    text.replace('db: { tasks: ["apt.*"] }', 'db: { tasks: [], queues: [], description: "" }'),
  );

  assert.equal(
    await answer('roles', 'db'),
    'role            db\nqueues          none of its own\nconcurrency     4\n' +
      'tasks           none: its hosts may do nothing\nnever upgraded  nothing excluded\nhosts           1: db1\n',
  );

  await writeFile(folder.file, text.replace('"apt.*"', 'apt.*, apt.instal'));
  assert.match(await answer('roles', 'edit', 'db', '--remove-task', 'apt.instal'), /^changed role db/);
});

test('a role that hosts have is not removed, and they are named', async () => {
  const { code, stderr } = await run('roles', 'rm', 'webserver');

  assert.equal(code, 5);
  assert.equal(
    stderr,
    'error[ROLE_IN_USE]: role webserver is still applied to 2 hosts: web1, web2\n' +
      'hint: take it off them first, e.g.  celeroot hosts edit web1 --remove-role webserver\n',
  );
});

test('no host and no role can have the name of what can be done with them', async () => {
  const app = await createApp({ ...testContext(), exitWith: () => undefined }, { withTasks: false, json: false });
  const nouns = app.commands.filter((noun) => ['hosts', 'roles'].includes(noun.name()));
  const verbs = nouns.flatMap((noun) => noun.commands.flatMap((verb) => [verb.name(), ...verb.aliases()]));

  assert.ok(verbs.length >= 12);
  assert.deepEqual(
    verbs.filter((verb) => !RESERVED_NAMES.has(verb)),
    [],
  );
});

/** What is typed, the exit code, and what the one error must say. The file must be as it was. */
const REFUSED: readonly (readonly [line: string, code: number, error: RegExp])[] = [
  ['hosts add web1 --role db', 5, /^error\[HOST_EXISTS\]: host web1 is already in .*celeroot\.yaml\n/],
  ['hosts add web3', 2, /required option '--role <role>' not specified/],
  ['hosts add web3 --role web', 5, /^error\[UNKNOWN_ROLE\]: there is no role web\nhint: did you mean webserver\?/],
  ['hosts add ls --role db', 2, /"ls" cannot be the name of a host: this is a word of the command line/],
  ['hosts add worker-file --role db', 2, /"worker-file" cannot be the name of a host/],
  ['hosts add Web3 --role db', 2, /"Web3" cannot be the name of a host: expected 1 to 63 lower-case/],
  ['hosts add a..b --role db', 2, /expected no two dots in a row/],
  ['hosts add __proto__ --role db', 2, /"__proto__" cannot be the name of a host/],
  [
    "hosts add web3 --role db --address a';id",
    2,
    /address: expected a host name, an IPv4 or an IPv6 address, got "a';id"\n/,
  ],
  ['hosts add web3 --role db --address=-oProxyCommand=x', 2, /address: expected a host name/],
  ['hosts edit web1 --address me@web1', 2, /address: expected a host name/],
  ['hosts edit web1 --address web1:22', 2, /address: expected a host name/],
  [
    'hosts add web3 --role db,,webserver',
    2,
    /option '--role <role>' argument 'db,,webserver' is invalid: expected one or/,
  ],
  [
    'hosts ls --role=',
    2,
    /option '--role <role>' argument '' is invalid: expected one or more values, none of them empty\n/,
  ],
  ['hosts edit web9 --add-role db', 5, /^error\[UNKNOWN_HOST\]: there is no host web9\n/],
  ['hosts edit web1', 2, /nothing to change of host web1/],
  ['hosts edit web1 --remove-role webserver', 2, /host web1 would be left without a role/],
  ['hosts edit web1 --remove-role db', 2, /host web1 does not have the role db\nhint: it has webserver/],
  ['hosts retire web9 --yes', 5, /^error\[UNKNOWN_HOST\]/],
  ['hosts worker-file web9', 5, /^error\[UNKNOWN_HOST\]/],
  ['hosts join web9', 5, /^error\[UNKNOWN_HOST\]/],
  ['hosts join ../web1', 5, /^error\[UNKNOWN_HOST\]/],
  ['hosts join web1 --package /nowhere.deb', 3, /^error\[PACKAGE_NOT_FOUND\]: there is no \/nowhere\.deb\n/],
  ['hosts join web1 --package /etc/passwd', 3, /^error\[PACKAGE_NOT_FOUND\]: \/etc\/passwd is no Debian package\n/],
  ['hosts join web1 --arch sparc', 2, /argument 'sparc' is invalid/],
  ["hosts join web1 --without-package --rename a';id", 2, /"a';id" cannot be the name of a host/],
  ['hosts accept web9', 5, /^error\[UNKNOWN_HOST\]/],
  ['hosts accept web1', 1, /^error\[JOIN_UNFINISHED\]: no answer came from web1/],
  ['hosts rename web1 web2', 5, /^error\[HOST_EXISTS\]/],
  ['hosts rename web1 ../x', 2, /cannot be the name of a host/],
  ['roles add db', 5, /^error\[ROLE_EXISTS\]: role db is already in/],
  ['roles add rm', 2, /"rm" cannot be the name of a role/],
  ['roles add x --concurrency two', 2, /--concurrency: expected a whole number of 1 or more, got "two"/],
  ['roles add x --concurrency 0', 2, /concurrency: expected a whole number of 1 or more, got 0/],
  ['roles add x --concurrency 65', 2, /concurrency: expected a whole number of 64 or less, got 65/],
  [
    'roles add x --task vim',
    2,
    /tasks\/0: expected a task such as apt\.install, a group such as apt\.\*, or \*, got "vim"/,
  ],
  ['roles add x --task=', 2, /option '--task <task>' argument '' is invalid: expected one or more values/],
  ['roles edit db --add-queue ,', 2, /option '--add-queue <queue>' argument ',' is invalid/],
  [
    'roles add x --task apt.instal,apt.nope',
    5,
    /^error\[UNKNOWN_TASK\]: no task is called apt\.instal or apt\.nope\nhint: did you mean apt\.install\?\n$/,
  ],
  [
    'roles edit db --add-task atp.*',
    5,
    /^error\[UNKNOWN_TASK\]: no task is called atp\.\*\nhint: did you mean apt\.\*\?/,
  ],
  ['roles edit db --remove-task apt.*', 2, /role db would be left without a task its hosts may do\nhint: .*--add-task/],
  ['roles add x --exclude -oX=y', 2, /exclude\/0: expected a package name/],
  ['roles edit db', 2, /nothing to change of role db/],
  ['roles edit db --remove-task system.*', 2, /role db has no system\.\* among its tasks/],
  ['roles edit bd --concurrency 2', 5, /^error\[UNKNOWN_ROLE\]: there is no role bd\nhint: did you mean db\?/],
  ['roles rm mail', 5, /^error\[UNKNOWN_ROLE\]/],
  ['roles shwo', 2, /there is no role and no command shwo\nhint: did you mean {2}celeroot roles show\?/],
  ['roles mail', 5, /^error\[UNKNOWN_ROLE\]/],
];

for (const [line, code, error] of REFUSED) {
  test(`celeroot ${line}: one clear error, exit code ${code}, and nothing written`, async () => {
    const before = await readFile(folder.file, 'utf8');

    const result = await run(...line.split(' '));

    assert.match(result.stderr, error);
    assert.deepEqual([result.code, result.stdout], [code, '']);
    assert.doesNotMatch(result.stderr, /\n {4}at /, 'a stack trace');
    assert.equal(await readFile(folder.file, 'utf8'), before);
  });
}
