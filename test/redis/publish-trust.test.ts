import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { loadWorker } from '../../src/config/load.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { hostKeyFile, makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { newStateDir, startWorker } from '../support/worker.ts';

const TRUST = '{celeroot}:trust';
const things = new AsyncDisposableStack();
let redis: TestRedis;
let folder: FleetFolder;
let number = 0;

before(async () => {
  redis = things.use(await startRedis());
});
beforeEach(async () => {
  const broker = `{ url: "redis://127.0.0.1:${redis.port}" }`;
  await redis.command('FLUSHALL');
  folder = things.use(await makeFleetFolder({ broker, roles: '  web: {}\n', hosts: '  web1: { roles: [web] }\n' }));
});
after(() => things.disposeAsync());
forbidLeaks();

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path });
}

async function trustHere(): Promise<string> {
  return (await readFile(join(folder.path, 'celeroot.trust'), 'utf8')).trimEnd();
}

async function published(version: string): Promise<string> {
  return (await redis.command('HGET', TRUST, version)).trimEnd();
}

/** Adds a key; the version of the trust file goes up by one. */
async function addKey(): Promise<CliResult> {
  number += 1;
  return await run('keys', 'add', `key-${number}`, '--out', `key-${number}.key`);
}

const LIES: readonly (readonly [what: string, newest: string, held: string | null])[] = [
  ['a version that nobody has', '99999', null],
  ['a higher version with something else in it', '7', 'nonsense'],
  ['the version to come with something else in it', '2', 'nonsense'],
];
for (const [what, newest, held] of LIES) {
  test(`a revocation reaches hosts where Redis claims ${what}`, async () => {
    await redis.command('HSET', TRUST, 'newest', newest, ...(held === null ? [] : [newest, held]));

    const revoked = await run('keys', 'revoke', 'operator', '--yes');

    assert.equal(revoked.code, 0, revoked.stderr);
    assert.match(revoked.stderr, new RegExp(`^warning: Redis claimed a version ${newest} of the trust file`));
    assert.doesNotMatch((await run('keys', 'publish')).stderr, /warning/);
    assert.equal(await published('newest'), '2');
    assert.equal(await published('2'), await trustHere());
  });
}

test('a worker takes a version after Redis claimed one that nobody has', async () => {
  const state = things.use(await newStateDir());
  await copyFile(hostKeyFile(folder.path, 'web1'), join(state.path, 'host.key'));
  await run('keys', 'publish');
  const config = loadWorker(folder.file, 'web1', {});
  await using worker = await startWorker({ config, stateDir: state.path });
  await worker.says(/^trust file: version 1 accepted/);
  await redis.command('HSET', TRUST, 'newest', '99999');

  await addKey();
  await run('system', 'ping', '--host', 'web1');

  await worker.says(/^trust file: version 2 accepted/);
});

test('a version that another controller has signed stays, and a change that it overtook is an error', async () => {
  const another = things.use(await makeFleetFolder());
  for (const file of ['celeroot.yaml', 'celeroot.trust', 'celeroot.key', 'celeroot.root.key']) {
    await copyFile(join(folder.path, file), join(another.path, file));
  }
  assert.equal((await run('keys', 'add', 'ada', '--out', 'ada.key')).code, 0);
  const theirs = await published('2');

  const same = await runCli(['keys', 'revoke', 'operator', '--yes'], { cwd: another.path });

  assert.equal(same.code, 5);
  assert.match(same.stderr, /error\[TRUST_OVERTAKEN\]: hosts have another version 2 /);
  assert.equal(await published('2'), theirs);
  assert.equal((await runCli(['keys', 'publish'], { cwd: another.path })).code, 5);

  await run('keys', 'rotate', '--root');
  await run('keys', 'rotate', '--root');
  await addKey();
  const older = await runCli(['keys', 'add', 'bob', '--out', 'bob.key'], { cwd: another.path });

  assert.match(older.stderr, /error\[TRUST_OVERTAKEN\]: hosts have version 5 of the trust file/);
  assert.match(older.stderr, /hint: copy that controller’s trust file over .*celeroot\.trust/);
  assert.equal(await published('newest'), '5');
});
