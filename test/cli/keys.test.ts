import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as z from 'zod';
import { makeSigningKey } from '../../src/trust/key.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { trustSchema } from '../../src/trust/trust-file.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';

/** Redis is away in all of these: the trust file is changed all the same. */
async function keys(folder: FleetFolder, ...args: readonly string[]): Promise<CliResult> {
  return await runCli(['keys', ...args], { cwd: folder.path });
}

async function trustIn(folder: FleetFolder, now = Date.now()): Promise<z.infer<typeof trustSchema>> {
  const { stdout } = await runCli(['keys', 'ls', '--json'], { cwd: folder.path, clock: { now: () => now } });
  return z.object({ trust: trustSchema }).parse(JSON.parse(stdout)).trust;
}

test('a key is added with what it may do, its private half for its owner only', async () => {
  await using folder = await makeFleetFolder();

  const added = await keys(
    folder,
    'add',
    'ada',
    '--out',
    'ada.key',
    '--task',
    'apt.*',
    '--host',
    '@db',
    '--for',
    '90d',
  );

  assert.equal(added.code, 0);
  assert.match(added.stderr, /^warning: .*keys publish\n$/);
  const file = join(folder.path, 'ada.key');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const { version, grants } = await trustIn(folder);
  const [, ada = assert.fail()] = grants;
  assert.deepEqual([version, ada.name, ada.tasks, ada.hosts, ada.revokedAt], [2, 'ada', ['apt.*'], ['@db'], null]);
  assert.equal(ada.key, (await readSigningKey(file)).id);
  assert.match((await keys(folder, 'ls')).stdout, /^ada +operator +good +apt\.\* +@db +\d{4}-/m);
});

test('what a key is granted and nothing matches is pointed out, and granted all the same', async () => {
  await using folder = await makeFleetFolder();
  const [add, key] = [['add', 'ada', '--public'], makeSigningKey().id];
  const granted = ['--task', 'apt.instal,apt.*,apt.up*', '--host', '@nope,@db,web*,web1,web9,mail*'];

  const { code, stderr } = await keys(folder, ...add, key, ...granted);

  assert.equal(code, 0, stderr);
  assert.deepEqual(
    stderr.split('\n').filter((line) => !line.includes('keys publish')),
    [
      'warning: no task is called apt.instal; did you mean apt.install?',
      'warning: @nope means no host now; see  celeroot roles ls',
      'warning: web9 means no host now; did you mean web1 or web2?',
      'warning: mail* means no host now; see  celeroot hosts ls',
      '',
    ],
  );
  const [, ada] = (await trustIn(folder)).grants;
  assert.equal(ada?.hosts.length, 6);
});

test('a public key that somebody sent is added without a private one being made', async () => {
  await using folder = await makeFleetFolder();
  const { id } = makeSigningKey();
  const before = await readdir(folder.path);

  const added = await keys(folder, 'add', 'bob', '--public', id);

  assert.equal(added.code, 0);
  assert.equal((await trustIn(folder)).grants.at(-1)?.key, id);
  assert.deepEqual(
    (await readdir(folder.path)).filter((name) => name !== 'celeroot.journal'),
    before,
  );
});

test('a key of another kind is shown as such, and signs no order here', async () => {
  await using folder = await makeFleetFolder();

  await keys(folder, 'add', 'clock', '--kind', 'scheduler', '--out', 'clock.key', '--task', 'apt.*');
  const added = await keys(folder, 'add', 'builds', '--kind', 'release', '--out', 'release.key');

  assert.match(added.stdout, /only packages in a release signed by ed25519:\S+, as builds/);
  const { stdout } = await keys(folder, 'ls');
  assert.match(stdout, /^operator +operator +good/m);
  assert.match(stdout, /^clock +scheduler +good +apt\.\* +\*/m);
  assert.match(stdout, /^builds +release +good +ed25519:/m);
  assert.deepEqual(
    (await trustIn(folder)).grants.map(({ kind }) => kind),
    [undefined, 'scheduler', 'release'],
  );
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, text.replace(/^signing_key: .*\n|^/m, 'signing_key: clock.key\n'));
  const ping = await runCli(['system', 'ping', '--host', 'web1'], { cwd: folder.path });
  assert.equal(ping.code, 3);
  assert.match(ping.stderr, /^error\[KEY_UNUSABLE\]: the key in \S+clock\.key is a scheduler key, not an operator’s\n/);
  const other = await keys(folder, 'add', 'x', '--kind', 'root', '--out', 'x.key');
  assert.equal(other.code, 2);
});

test('a release key is for no tasks or hosts', async () => {
  await using folder = await makeFleetFolder();
  const added = await keys(folder, 'add', 'builds', '--kind', 'release', '--out', 'release.key', '--host', 'web1');
  assert.equal(added.code, 2);
  assert.match(added.stderr, /^error\[USAGE\]: a release key asks hosts for nothing/);
});

test('a revoked key is named as such and signs nothing here any more', async () => {
  await using folder = await makeFleetFolder();

  const unasked = await keys(folder, 'revoke', 'operator');
  const revoked = await keys(folder, 'revoke', 'operator', '--yes');

  assert.equal(unasked.code, 5);
  assert.match(unasked.stderr, /^error\[CONFIRMATION_NEEDED\]: revoke operator, with whose key \S+celeroot\.key this/);
  assert.equal(revoked.code, 0);
  assert.match((await keys(folder, 'ls')).stdout, /^operator +operator +revoked \d{4}-/m);
  const ping = await runCli(['system', 'ping', '--host', 'web1'], { cwd: folder.path });
  assert.equal(ping.code, 3);
  assert.match(
    ping.stderr,
    /^error\[KEY_UNUSABLE\]: the key in .* is revoked in the trust file .*\nhint: to give this/,
  );
  const told = /^ {2}mv (\S+) (\S+) && celeroot keys add NAME --out \1$/m.exec(revoked.stdout);
  assert.ok(ping.stderr.includes(told?.[0].trim() ?? 'nothing was told'), revoked.stdout + ping.stderr);
  await rename(told?.[1] ?? '', told?.[2] ?? '');
  await keys(folder, 'add', 'operator-2', '--out', told?.[1] ?? '');
  const after = await runCli(['system', 'ping', '--host', 'web1'], { cwd: folder.path });
  assert.match(after.stderr, /^error\[BROKER_UNREACHABLE\]/, 'the new key signs');
  const again = await keys(folder, 'revoke', 'operator');
  assert.match(again.stderr, /^error\[KEY_REVOKED\]: .*\nhint: .*celeroot keys add NAME --out FILE/);
});

test('a key whose time is over signs nothing here any more', async () => {
  await using folder = await makeFleetFolder();
  await keys(folder, 'add', 'ada', '--out', 'ada.key', '--for', '1h');
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, `signing_key: ada.key\n${text}`);
  const inHours = async (hours: number): Promise<CliResult> => {
    const clock = { now: () => Date.now() + hours * 3_600_000 };
    return await runCli(['runs', 'cancel', 'latest'], { cwd: folder.path, clock });
  };

  const [good, over] = [await inHours(0.9), await inHours(1)];

  assert.match(good.stderr, /^error\[BROKER_UNREACHABLE\]/);
  assert.equal(over.code, 3);
  assert.match(
    over.stderr,
    /^error\[KEY_UNUSABLE\]: the key in \S+ada\.key was good until \d{4}-\S+Z, by the trust file \S+celeroot\.trust\n/,
  );
});

test('what a key may not ask for is refused here, naming a host and the key', async () => {
  await using folder = await makeFleetFolder();
  await keys(folder, 'add', 'ada', '--out', 'ada.key', '--task', 'apt.*', '--host', '@db');
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, `signing_key: ada.key\n${text}`);

  const ping = await runCli(['system', 'ping', '--host', 'web1'], { cwd: folder.path });

  assert.equal(ping.code, 5);
  assert.match(ping.stderr, /^error\[NOT_GRANTED\]: web1 would refuse system\.ping: the key of ada is not for web1/);
});

test('an operator’s key is rotated: the new one may what the old one might', async () => {
  await using folder = await makeFleetFolder();
  const before = await readSigningKey(join(folder.path, 'celeroot.key'));

  const rotated = await keys(folder, 'rotate', 'operator', '--json');

  assert.equal(rotated.code, 0, rotated.stderr);
  const after = await readSigningKey(join(folder.path, 'celeroot.key'));
  assert.notEqual(after.id, before.id);
  const { grants } = await trustIn(folder);
  const standing = grants.map(({ name, key, revokedAt }) => [name, key, revokedAt === null]);
  assert.deepEqual(standing, [
    ['operator-1', before.id, false],
    ['operator', after.id, true],
  ]);
});

test('a scheduler’s and a release key are rotated where they are, and stay what they were', async () => {
  await using folder = await makeFleetFolder({ more: 'scheduler_key: clock.key\n' });
  for (const [name, kind] of [
    ['clock', 'scheduler'],
    ['builds', 'release'],
  ] as const) {
    const file = join(folder.path, `${name}.key`);
    assert.equal((await keys(folder, 'add', name, '--kind', kind, '--out', `${name}.key`)).code, 0);
    const before = await readSigningKey(file);

    const rotated = await keys(folder, 'rotate', name, ...(kind === 'release' ? ['--key', `${name}.key`] : []));

    assert.equal(rotated.code, 0, rotated.stderr);
    const after = await readSigningKey(file);
    const { grants } = await trustIn(folder);
    assert.deepEqual(
      grants
        .filter((grant) => grant.name.startsWith(name))
        .map((grant) => [grant.kind, grant.key, grant.revokedAt === null]),
      [
        [kind, before.id, false],
        [kind, after.id, true],
      ],
    );
  }
  const unsaid = await keys(folder, 'rotate', 'builds');
  assert.equal(unsaid.code, 2);
  assert.match(unsaid.stderr, /^error\[USAGE\]: .* private half of a release key is\nhint: name it:  --key FILE\n/);
});

test('the root key is rotated: hosts to come pin the new one, and the old one signs nothing more', async () => {
  await using folder = await makeFleetFolder();
  const old = await readFile(join(folder.path, 'celeroot.root.key'));

  const rotated = await keys(folder, 'rotate', '--root');

  assert.equal(rotated.code, 0, rotated.stderr);
  const { id } = await readSigningKey(join(folder.path, 'celeroot.root.key'));
  assert.deepEqual((await trustIn(folder)).roots, [id]);
  assert.match(await readFile(folder.file, 'utf8'), new RegExp(`^roots: \\[${id.replaceAll('+', '\\+')}\\]$`, 'm'));
  assert.equal((await keys(folder, 'add', 'ada', '--out', 'ada.key')).code, 0);
  await writeFile(join(folder.path, 'celeroot.root.key'), old);
  const refused = await keys(folder, 'revoke', 'ada');
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /^error\[KEY_UNUSABLE\]: .* is none of the fleet’s root keys\nhint: /);
});

test('a trust file whose time is half over is signed anew where the root key is, else it warns before the end', async () => {
  await using folder = await makeFleetFolder();
  const { expiresAt } = await trustIn(folder);
  const day = 24 * 3_600_000;
  const pingAt = async (now: number): Promise<string> => {
    const ping = await runCli(['system', 'ping', '--host', 'web1'], { cwd: folder.path, clock: { now: () => now } });
    return ping.stderr;
  };

  assert.doesNotMatch(await pingAt(expiresAt - 200 * day), /trust file/);
  assert.match(await pingAt(expiresAt - 100 * day), /^warning: the trust file was signed anew.* version 2\n/);
  const renewed = await trustIn(folder, expiresAt - 100 * day);
  assert.deepEqual([renewed.version, renewed.expiresAt - expiresAt], [2, 266 * day]);
  await rm(join(folder.path, 'celeroot.root.key'));
  assert.doesNotMatch(await pingAt(renewed.expiresAt - 31 * day), /trust file/);
  assert.match(await pingAt(renewed.expiresAt - 29 * day), /^warning: the trust file expires at/);
});

const BAD: readonly (readonly [args: string, code: number, error: RegExp])[] = [
  ['revoke eve', 5, /^error\[UNKNOWN_KEY\]: there is no key called eve\nhint: /],
  ['rotate eve', 5, /^error\[UNKNOWN_KEY\]/],
  ['add operator --out x.key', 5, /^error\[KEY_EXISTS\]: the trust file has a key called operator already\nhint: /],
  ['add ada', 2, /^error\[USAGE\]: give either --public KEY or --out FILE\nhint: /],
  ['add ada --public ed25519:AAAA', 2, /^error\[USAGE\]: --public: .* is no Ed25519 public key\nhint: /],
  ['add Ada!x --out x.key', 2, /^error\[USAGE\]: name: expected 1 to 64 lower-case letters/],
  ['add ada --out x.key --for soon', 2, /^error\[USAGE\]: --for: expected a duration/],
  ['add ada --out celeroot.key', 3, /^error\[CONFIG_EXISTS\]: .*celeroot\.key is already there\nhint: /],
  ['rotate', 2, /^error\[USAGE\]: give the name of a key, or --root, or which hosts\nhint: /],
  ['rotate operator --root', 2, /^error\[USAGE\]/],
  ['rotate --root --key x.key', 2, /^error\[USAGE\]: --key is where/],
  ['rotate operator --key celeroot.root.key', 3, /^error\[KEY_UNUSABLE\]: .* is not the one of operator\nhint: /],
  ['rotate operator --host web1', 2, /^error\[USAGE\]/],
  ['rotate --exclude web1', 2, /^error\[USAGE\]: no target given/],
  ['rotate --host nobody', 5, /^error\[UNKNOWN_HOST\]/],
];
for (const [args, code, error] of BAD) {
  test(`keys ${args} is one clear error and changes nothing`, async () => {
    await using folder = await makeFleetFolder();
    const before = await readdir(folder.path);

    const refused = await keys(folder, ...args.split(' '));

    assert.match(refused.stderr, error);
    assert.equal(refused.code, code);
    assert.equal((await trustIn(folder)).version, 1);
    assert.deepEqual(await readdir(folder.path), before);
  });
}
