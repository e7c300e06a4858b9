import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import { STRIP_ARGV } from '../../lab/blank.ts';
import { attempt, run, type Ran } from '../../lab/run-command.ts';
import { VERSION } from '../../src/core/version.ts';
import { joinSealOf } from '../../src/trust/join-seal.ts';
import { parseJoinToken } from '../../src/trust/join-token.ts';
import { buildCopy, type BuiltCopy } from '../support/built-package.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';
import { waitUntil } from '../support/redis.ts';
import { serveSsh } from '../support/ssh-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Joins real hosts through real SSH servers by the very lines that are printed. */
const WORKER = 'celeroot-worker.service';
const things = new AsyncDisposableStack();
let built: BuiltCopy;
let lab: TestLab;
let first: TestHost;
let second: TestHost;
let folder: string;
before(async () => {
  folder = things.use(await temporaryFolder()).path;
  built = await buildCopy(join(folder, 'copy'));
  lab = things.use(await openLab({ hosts: 2, workers: false, systemd: true }));
  [first = assert.fail(), second = assert.fail()] = lab.hosts;
  for (const host of lab.hosts) {
    await host.must(STRIP_ARGV);
    await mustRun(['hosts', 'rm', host.name, '--yes', '--only-file']);
  }
  const { configFile } = things.use(await serveSsh(lab.hosts, join(folder, 'ssh-settings')));
  await putOnPath('ssh', `exec /usr/bin/ssh -F ${configFile} "$@"`);
  await putOnPath('celeroot', `exec ${built.executable} "$@"`);
});
after(() => things.disposeAsync());

/** What finds a program or a setting, so that a line can be typed as it is printed. */
async function putOnPath(name: string, command: string): Promise<void> {
  const file = join(folder, name);
  await writeFile(file, `#!/bin/sh\n${command}\n`);
  await chmod(file, 0o755);
}

/** As an administrator types it in bash, in the folder where the package is. */
async function type(line: string): Promise<Ran> {
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, CELEROOT_CONFIG: lab.configFile };
  return await attempt(['bash', '-c', `set -o pipefail; ${line}`], { env, cwd: built.dist });
}

async function mustType(line: string): Promise<string> {
  const { code, stdout, stderr } = await type(line);
  assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
  return stdout;
}

async function mustRun(argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.celeroot(argv);
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

/** The line that `hosts add` prints for a host. */
async function lineFor({ name, address }: TestHost): Promise<string> {
  const shown = await mustType(`celeroot hosts add ${name} --address ${address} --role webserver`);
  const line = /^ {2}(celeroot hosts join .*)$/m.exec(shown)?.[1];
  return line ?? assert.fail(shown);
}

async function hostRecord(name: string): Promise<z.infer<typeof recordSchema>['host']> {
  return recordSchema.parse(JSON.parse(await mustRun(['hosts', 'show', name, '--json']))).host;
}

const recordSchema = z.object({
  host: z.looseObject({ key: z.string().nullable(), online: z.boolean().nullable() }),
});

/** All argument lists and environments of this machine, and so of the lab's hosts, as long as `work` goes on. */
async function whatProcessesShow(work: Promise<unknown>): Promise<string> {
  const seen = new Set<string>();
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    for (const pid of pids) {
      for (const what of ['cmdline', 'environ'])
        seen.add(await readFile(`/proc/${pid}/${what}`, 'latin1').catch(() => ''));
    }
  }
  await over;
  return [...seen].join('\n');
}

test('the line that hosts add prints makes a machine with nothing a host, and leaks no secret', async (t) => {
  const line = await lineFor(first);
  const began = performance.now();

  const joining = type(line);
  const shown = await whatProcessesShow(joining);

  const { code, stdout, stderr } = await joining;
  assert.equal(code, 0, stdout + stderr);
  t.diagnostic(`joined in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  assert.match(stdout, new RegExp(`^${first.name} joined: celeroot ${VERSION.replaceAll('.', '\\.')} `, 'm'));
  assert.equal((await hostRecord(first.name)).online, true);
  assert.equal(await first.must(['systemctl', 'is-enabled', WORKER]), 'enabled\n');
  const user = await first.must(['sed', '-n', 's/^  user: //p', '/etc/celeroot/worker.yaml']);
  assert.equal(user.trim(), `celeroot.${first.name}`);

  const password = (await first.must(['cat', '/etc/celeroot/redis.password'])).trim();
  assert.match(password, /^[\w-]{43}$/);
  const keys = [await first.must(['cat', '/var/lib/celeroot/host.key'])];
  for (const name of ['celeroot.key', 'celeroot.root.key'])
    keys.push(await readFile(join(lab.paths.folder, name), 'utf8'));
  const secrets = [password, lab.state.password, ...keys.flatMap(secretLines)];
  assert.ok(secrets.length >= 5 && secrets.every((secret) => secret.length >= 20));
  const script = await mustType(`celeroot hosts join ${first.name} --without-package`);
  const journal = await first.must(['journalctl', '--no-pager', '--output=cat']);
  const yaml = await readFile(lab.configFile, 'utf8');
  const said = { shown, stdout, stderr, script, journal, yaml };
  for (const [where, text] of Object.entries(said)) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `a secret is in ${where}`);
  }
  for (const secret of secrets) {
    const found = await first.run(['grep', '-rlF', '--', secret, '/etc', '/var', '/root', '/home', '/tmp'], {});
    const places = found.stdout.split('\n').filter((each) => each !== '');
    assert.deepEqual(
      places.filter((each) => !/^\/(etc\/celeroot\/redis\.password|var\/lib\/celeroot\/host\.key)$/.test(each)),
      [],
    );
  }
  for (const file of ['/etc/celeroot/worker.yaml', '/etc/celeroot/redis.password', '/var/lib/celeroot/host.key']) {
    assert.equal(await first.must(['stat', '-c', '%a %U', file]), '600 root\n', file);
  }
});

function secretLines(pem: string): readonly string[] {
  return pem.split('\n').filter((each) => each.length >= 20 && !each.includes('-----'));
}

test('the host does what it is told', async () => {
  await mustRun(['system', 'ping', '--host', first.name]);
  await mustRun(['apt', 'update', '--host', first.name]);
  await mustRun(['apt', 'install', 'hello-lab', '--host', first.name]);

  assert.match(await first.must(['dpkg-query', '-W', 'hello-lab']), /^hello-lab\t/);
});

test('the same line again changes nothing', async () => {
  const worker = await first.must(['systemctl', 'show', '--property=MainPID', WORKER]);
  const yaml = await readFile(lab.configFile, 'utf8');

  const stdout = await mustType(
    `celeroot hosts join ${first.name} | ssh root@${first.address} sh | celeroot hosts accept ${first.name}`,
  );

  assert.match(stdout, new RegExp(`^${first.name} has joined already`));
  assert.equal(await first.must(['systemctl', 'show', '--property=MainPID', WORKER]), worker);
  assert.equal(await readFile(lab.configFile, 'utf8'), yaml);
});

test('a machine that is a host is not made another one, unless it is renamed', async () => {
  await mustType(`celeroot hosts add shop1 --address ${first.address} --role webserver`);
  const asAnother = await type(
    `celeroot hosts join shop1 | ssh root@${first.address} sh | celeroot hosts accept shop1`,
  );
  assert.notEqual(asAnother.code, 0);
  assert.match(asAnother.stderr, new RegExp(`this machine is the host ${first.name} already; .*hosts rename`));
  assert.match(asAnother.stderr, /error\[JOIN_UNFINISHED\]/);
  await mustType('celeroot hosts rm shop1 --yes');

  const shown = await mustType(`celeroot hosts rename ${first.name} shop1 --yes`);
  const line = /^ {2}(celeroot hosts join .*)$/m.exec(shown)?.[1] ?? assert.fail(shown);
  await mustType(line);

  assert.equal((await hostRecord('shop1')).online, true);
  await mustRun(['system', 'ping', '--host', 'shop1']);
});

test('a second machine does not become a host that has joined, unless it takes its place', async () => {
  const line = `celeroot hosts join shop1 | ssh root@${second.address} sh | celeroot hosts accept shop1`;
  const { key } = await hostRecord('shop1');

  const refused = await type(line);
  assert.equal(refused.code, 5, refused.stderr);
  assert.match(refused.stderr, /error\[KEY_EXISTS\]: shop1 has another key .* from another machine: /);
  assert.equal((await hostRecord('shop1')).key, key);
  const waiting = await second.must(['systemctl', 'is-active', WORKER]);
  assert.equal(waiting, 'active\n', 'a worker that is not let in waits');

  await mustType(`${line} --replace`);
  await mustRun(['system', 'ping', '--host', 'shop1']);
  assert.notEqual((await hostRecord('shop1')).key, key);
});

test('a host that is retired is let in no more, and can join again', async () => {
  await mustType('celeroot hosts retire shop1 --yes');
  assert.doesNotMatch(await redis('ACL', 'USERS'), /celeroot\.shop1/);
  assert.equal(await redis('KEYS', '*:host.shop1:*'), '');
  await second.must(['apt-get', 'purge', '-q', '--yes', 'celeroot']);

  await mustType(await lineFor({ ...second, name: 'shop1' }));

  await mustRun(['system', 'ping', '--host', 'shop1']);
});

test('a machine joins by a token without SSH, its worker starts with it, and nothing secret shows', async () => {
  await first.must(['systemctl', 'disable', '--now', WORKER]);
  await first.must(['rm', '-rf', '/etc/celeroot', '/var/lib/celeroot']);
  await mustType(`celeroot hosts add console1 --address ${first.address} --role webserver`);
  const fingerprint = (await first.must(['celeroot', 'join', '--show-fingerprint'])).trim();
  const file = join(folder, 'token');
  const controlling = type(`celeroot hosts join console1 --token --fingerprint ${fingerprint} >${file}`);
  const isThere = async (): Promise<boolean> => (await readFile(file, 'utf8').catch(() => '')).includes('-----END');
  await waitUntil(isThere, 'the token');
  const token = await readFile(file, 'utf8');

  const joining = first.run(['celeroot', 'join'], { input: token });
  const shown = await whatProcessesShow(joining);

  const joined = await joining;
  assert.equal(joined.code, 0, joined.stdout + joined.stderr);
  assert.match(joined.stdout, /^this machine is the host console1 of the fleet .*\nthe worker runs\n$/);
  const { code, stderr } = await controlling;
  assert.equal(code, 0, stderr);
  assert.equal((await hostRecord('console1')).online, true);
  assert.equal(await first.must(['systemctl', 'is-enabled', WORKER]), 'enabled\n');
  for (const place of ['/etc/celeroot/worker.yaml', '/etc/celeroot/redis.password', '/var/lib/celeroot/host.key']) {
    assert.equal(await first.must(['stat', '-c', '%a %U', place]), '600 root\n', place);
  }
  await mustRun(['system', 'ping', '--host', 'console1']);
  assert.doesNotMatch(await redis('ACL', 'USERS'), /:join\./);
  const parsed = parseJoinToken(token) ?? assert.fail('no token');
  const journal = await first.must(['journalctl', '--no-pager', '--output=cat']);
  for (const secret of [parsed.secret.reveal(), joinSealOf(parsed).password.reveal(), token.split('\n')[3] ?? '']) {
    assert.ok(secret.length > 40);
    for (const text of [shown, journal, stderr, joined.stdout, joined.stderr]) assert.ok(!text.includes(secret));
  }
  const again = await first.run(['celeroot', 'join'], { input: token });
  assert.match(again.stderr, /^error\[JOIN_TOKEN_UNUSABLE\]: the token is good for nothing any more/);
});

async function redis(...words: readonly string[]): Promise<string> {
  const env = { ...process.env, REDISCLI_AUTH: lab.state.password };
  const hub = first.address.replace(/\.\d+$/, '.1');
  return (await run(['redis-cli', '-h', hub, ...words], { env })).trim();
}
