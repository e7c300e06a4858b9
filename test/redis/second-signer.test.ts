import assert from 'node:assert/strict';
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import { loadWorker } from '../../src/config/load.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { hostKeyFile, makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';
import { newStateDir, startWorker } from '../support/worker.ts';

const things = new AsyncDisposableStack();
let folder: FleetFolder;
let stateDir: string;
before(async () => {
  const redis = things.use(await startRedis());
  const broker = `{ url: "redis://127.0.0.1:${redis.port}" }`;
  folder = things.use(await makeFleetFolder({ broker, roles: '  web: {}\n', hosts: '  web1: { roles: [web] }\n' }));
  const state = things.use(await newStateDir());
  stateDir = state.path;
  await copyFile(hostKeyFile(folder.path, 'web1'), join(state.path, 'host.key'));
  const ownerPolicy = join(state.path, 'policy.yaml');
  await writeFile(ownerPolicy, 'version: 1\ntwo_signers: [system.ping]\n');
  const config = loadWorker(folder.file, 'web1', {});
  things.use(await startWorker({ config, stateDir: state.path, ownerPolicy }));
  await run('keys', 'add', 'ada', '--out', 'ada.key');
  await run('keys', 'add', 'guest', '--out', 'guest.key', '--task', 'apt.*');
});
after(() => things.disposeAsync());
forbidLeaks();

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

/** The same on the machine of another operator: the same fleet with another key. */
async function runAs(key: string, ...args: readonly string[]): Promise<CliResult> {
  const file = join(folder.path, `${key}.yaml`);
  const text = await readFile(folder.file, 'utf8');
  await writeFile(file, `${text}signing_key: ${key}.key\njournal: ${key}.journal\n`);
  return await runCli([...args, '--config', file], { cwd: folder.path });
}

/** Has a run of system.ping written to a file; its name. */
async function waitingRun(): Promise<string> {
  const { stdout, code } = await run('system', 'ping', '--host', 'web1', '--second-signer', '--json');
  assert.equal(code, 0);
  return z.object({ file: z.string() }).parse(JSON.parse(stdout)).file;
}

test('a host whose policy wants two operators refuses what one has signed', async () => {
  const { stdout, code } = await run('system', 'ping', '--host', 'web1');
  assert.equal(code, 1);
  assert.match(stdout, /SECOND_SIGNER_NEEDED/);
  assert.match((await run('hosts', 'show', 'web1')).stdout, /^policy +in force; two operators sign system\.ping$/m);
});

test('what one operator has written to a file another looks at, signs and sends', async () => {
  const written = await run('system', 'ping', '--host', 'web1', '--second-signer');
  assert.equal(written.code, 0);
  const file = /^wrote (\S+): run \w{26}, signed by you and not sent\n/.exec(written.stdout)?.[1] ?? assert.fail();
  const next = /^another operator looks at it and sends it: {2}celeroot (runs sign \S+)$/m.exec(written.stdout)?.[1];
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const id = /run (\w{26})/.exec(written.stdout)?.[1] ?? assert.fail();
  assert.ok(!(await run('runs', 'ls', '--json')).stdout.includes(id), 'nothing is sent');

  const asked: string[] = [];
  const confirm = async (question: string): Promise<boolean> => asked.push(question) > 0;
  const config = join(folder.path, 'ada.yaml');
  await runAs('ada', 'keys', 'ls');
  const args = [...(next ?? '').split(' '), '--config', config];
  const signed = await runCli(args, { cwd: folder.path, confirm });

  assert.equal(signed.code, 0, signed.stderr);
  assert.match(signed.stdout, /^web1 \| unchanged {2}pong/m);
  assert.deepEqual(asked, ['Sign and send system.ping on 1 host?']);
  assert.match(signed.stderr, /^task +system\.ping$/m);
  assert.match(signed.stderr, /^arguments +\{\}$/m);
  assert.match(signed.stderr, /^hosts +1: web1$/m);
  assert.match(signed.stderr, /^signed +by \S+, with the key of operator, at /m);
  assert.match(signed.stderr, /^expires +\d{4}-/m);
  const journal = await readFile(join(folder.path, 'ada.journal'), 'utf8');
  assert.match(journal, /"kind":"second-signature","run":"\w{26}","task":"system\.ping"/);
  const log = await readFile(join(stateDir, 'audit.log'), 'utf8');
  assert.match(
    log,
    new RegExp(`"kind":"accepted","job":"${id}\\.web1".*"key":"ed25519:[^"]+","also":\\["ed25519:[^"]+"\\]`),
  );
  const followed = await readFile(join(folder.path, 'ada.journal'), 'utf8');
  const again = await runAs('ada', 'runs', 'sign', file, '--yes');
  assert.equal(again.code, 5);
  assert.match(again.stderr, /^error\[RUN_EXISTS\].*\nhint: it was sent; .*runs show/m);
  assert.equal(await readFile(join(folder.path, 'ada.journal'), 'utf8'), followed, 'nothing was signed');
});

test('without a yes nothing is signed or sent', async () => {
  const { code, stderr } = await runAs('ada', 'runs', 'sign', await waitingRun());
  assert.equal(code, 5);
  assert.match(stderr, /error\[CONFIRMATION_NEEDED\]/);
});

test('who has signed first, and who may not ask for the task, cannot be the second', async () => {
  const file = await waitingRun();
  const same = await run('runs', 'sign', file, '--yes');
  assert.equal(same.code, 5);
  assert.match(same.stderr, /error\[SAME_SIGNER\]: you have signed run \w{26} yourself/);
  const guest = await runAs('guest', 'runs', 'sign', file, '--yes');
  assert.equal(guest.code, 5);
  assert.match(guest.stderr, /error\[NOT_GRANTED\]: web1 would refuse system\.ping/);
});

test('what somebody has signed whose key was revoked since is not signed again', async () => {
  const { stdout } = await runAs('ada', 'system', 'ping', '--host', 'web1', '--second-signer', '--json');
  const { file } = z.object({ file: z.string() }).parse(JSON.parse(stdout));
  await run('keys', 'revoke', 'ada');
  const { code, stderr } = await run('runs', 'sign', file, '--yes');
  assert.equal(code, 5);
  assert.match(stderr, /error\[NOT_GRANTED\]: web1 would refuse system\.ping: the key of ada was revoked/);
});

test('what is not sent cannot be followed', async () => {
  const { code, stderr } = await run('system', 'ping', '--host', 'web1', '--second-signer', '--wait');
  assert.equal(code, 2);
  assert.match(stderr, /^error\[USAGE\]: --second-signer sends nothing/);
});
