import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeSigningKey } from '../../src/trust/key-file.ts';
import { makeSigningKey } from '../../src/trust/key.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';

const AMD64 = 'celeroot_1.2.3_amd64.deb';
const ARM64 = 'celeroot_1.2.3_arm64.deb';

type Scene = AsyncDisposable & {
  readonly path: string;
  readonly run: (...args: readonly string[]) => Promise<CliResult>;
  readonly put: (name: string, content: string) => Promise<void>;
};

/** A fleet with a release key in release.key, and two packages and a foreign file in dist. */
async function setScene(): Promise<Scene> {
  const folder = await makeFleetFolder();
  const run = async (...args: readonly string[]): Promise<CliResult> => await runCli(args, { cwd: folder.path });
  const put = async (name: string, content: string): Promise<void> =>
    await writeFile(join(folder.path, 'dist', name), content);
  await mkdir(join(folder.path, 'dist'));
  await put(AMD64, '!<arch>\namd64');
  await put(ARM64, '!<arch>\narm64');
  await put('notes.txt', 'not released');
  await run('keys', 'add', 'builds', '--kind', 'release', '--out', 'release.key');
  return { path: folder.path, run, put, [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose]() };
}

const SIGN = ['release', 'sign', 'dist', '--key', 'release.key', '--as', '1.2.3'] as const;

test('a release is what is called celeroot_… in a folder, and holds for what stands beside it', async () => {
  await using scene = await setScene();

  const signed = await scene.run(...SIGN);

  assert.equal(signed.code, 0, signed.stderr);
  assert.match(signed.stdout, new RegExp(`^${AMD64} +13 +[0-9a-f]{64}$`, 'm'));
  assert.match(signed.stdout, /^wrote \S+dist\/release\.json: release 1\.2\.3, signed with ed25519:/m);
  assert.doesNotMatch(signed.stdout, /notes\.txt/);
  const verified = await scene.run('release', 'verify', 'dist/release.json');
  assert.equal(verified.code, 0, verified.stderr);
  assert.match(verified.stdout, new RegExp(`^${ARM64} +as released$`, 'm'));

  await rm(join(scene.path, 'dist', ARM64));
  assert.match(
    (await scene.run('release', 'verify', 'dist/release.json')).stdout,
    new RegExp(`^${ARM64} +not here$`, 'm'),
  );
  await scene.put(AMD64, '!<arch>\namd65');
  const other = await scene.run('release', 'verify', 'dist/release.json');
  assert.equal(other.code, 5);
  assert.match(other.stderr, /^error\[RELEASE_INVALID\]: not as released: celeroot_1\.2\.3_amd64\.deb\n/);
});

test('a release is verified by its folder too, and said to be missing by its name', async () => {
  await using scene = await setScene();

  const missing = await scene.run('release', 'verify', 'dist');
  await scene.run(...SIGN);
  const there = await scene.run('release', 'verify', 'dist');

  assert.match(missing.stderr, /^error\[RELEASE_INVALID\]: cannot read the release \S+dist\/release\.json: ENOENT/);
  assert.match(missing.stderr, /\nhint: celeroot release sign {2}writes it/);
  assert.match(there.stdout, /^release 1\.2\.3, signed with/m);
});

test('who signs with a key that hosts join does not take is told, where there is a trust file', async () => {
  await using scene = await setScene();
  await scene.run('keys', 'add', 'gone', '--kind', 'release', '--out', 'gone.key');
  await scene.run('keys', 'revoke', 'gone');
  const warned = async (key: string, ...flags: readonly string[]): Promise<string> => {
    const { code, stderr } = await scene.run('release', 'sign', 'dist', '--key', key, ...flags);
    assert.equal(code, 0, stderr);
    return stderr;
  };

  assert.match(await warned('celeroot.key'), /^warning: hosts join takes no release of this key: .* of kind operator/);
  assert.match(await warned('gone.key'), /of this key: the key of gone was revoked/);
  assert.match(await warned('celeroot.root.key'), /of this key: the trust file \(version 4\) has no key/);
  assert.equal(await warned('release.key'), '');
  assert.equal(await warned('celeroot.key', '--config', 'elsewhere.yaml'), '');
});

test('a release key that is not there is asked for by its option', async () => {
  await using scene = await setScene();
  const { code, stderr } = await scene.run('release', 'sign', 'dist', '--key', 'missing.key');
  assert.equal(code, 3);
  assert.match(stderr, /^error\[KEY_UNUSABLE\]: .*missing\.key.*\nhint: .* name it with `--key`\n$/);
});

test('files that are named are released, and no others', async () => {
  await using scene = await setScene();
  const { stdout } = await scene.run('release', 'sign', `dist/${AMD64}`, '--key', 'release.key', '--json');
  const { release } = JSON.parse(stdout);
  assert.deepEqual(
    release.files.map(({ name }: { name: string }) => name),
    [AMD64],
  );
  const apart = await scene.run('release', 'sign', `dist/${AMD64}`, 'celeroot.yaml', '--key', 'release.key');
  assert.equal(apart.code, 2);
  const none = await scene.run('release', 'sign', 'host-keys', '--key', 'release.key');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /^error\[USAGE\]: \S+host-keys: has no file called celeroot_…\n/);
});

test('a release counts by the key that signed it', async () => {
  await using scene = await setScene();
  const verify = async (...args: readonly string[]): Promise<string> =>
    (await scene.run('release', 'verify', 'dist/release.json', ...args)).stderr.split('\n')[0] ?? '';
  await scene.run(...SIGN);
  const text = await readFile(join(scene.path, 'dist/release.json'), 'utf8');

  const builds = /"keyid":"([^"]+)"/.exec(text)?.[1] ?? '';
  assert.equal(await verify('--public', builds), '');
  assert.match(await verify('--public', makeSigningKey().id), /^error\[RELEASE_INVALID\]: \S+: UNKNOWN_KEY: /);
  await scene.run('keys', 'revoke', 'builds');
  assert.match(await verify(), /: KEY_REVOKED: the key of builds was revoked at /);
  await scene.run('release', 'sign', 'dist', '--key', 'celeroot.key');
  assert.match(
    await verify(),
    /: WRONG_KIND: the key of operator is of kind operator, and this needs one of kind release$/,
  );
  await writeSigningKey(join(scene.path, 'stranger.key'), makeSigningKey());
  await scene.run('release', 'sign', 'dist', '--key', 'stranger.key');
  assert.match(await verify(), /: UNKNOWN_KEY: /);
  await writeFile(join(scene.path, 'dist/release.json'), text.replace(/(?<="payload":".{20})./, '_'));
  assert.match(await verify(), /: (?:MALFORMED|BAD_SIGNATURE): /);
  await writeFile(join(scene.path, 'dist/release.json'), '{}');
  assert.match(await verify(), /: (?:MALFORMED|UNSIGNED): /);
});

test('where there are release keys, a machine joins with a package that is released, and with no other', async () => {
  await using scene = await setScene();
  const send = async (...flags: readonly string[]): Promise<CliResult> =>
    await scene.run('hosts', 'join', 'web1', '--package', `dist/${AMD64}`, ...flags);

  const unsigned = await send();
  assert.equal(unsigned.code, 5);
  assert.equal(unsigned.stdout, '');
  assert.match(unsigned.stderr, /^error\[RELEASE_INVALID\]: cannot read the release \S+dist\/release\.json: ENOENT/);

  await scene.run(...SIGN);
  const released = await send();
  assert.equal(released.code, 0, released.stderr);
  assert.match(released.stdout, /PACKAGE_SHA256=/);

  await scene.put(AMD64, '!<arch>\nbackdoor');
  const other = await send();
  assert.equal(other.code, 5);
  assert.equal(other.stdout, '');
  assert.match(other.stderr, /^error\[PACKAGE_NOT_RELEASED\]: \S+ is not in the release 1\.2\.3 of /);
  await scene.put(AMD64, '!<arch>\namd64');
  assert.equal((await send('--release', 'dist/release.json')).code, 0);

  await scene.run('keys', 'revoke', 'builds');
  const revoked = await send();
  assert.equal(revoked.code, 5, 'also when no release key is left');
  assert.match(revoked.stderr, /KEY_REVOKED/);
});

test('without release keys a machine joins with any package', async () => {
  await using folder = await makeFleetFolder();
  await writeFile(join(folder.path, AMD64), '!<arch>\namd64');
  const { code } = await runCli(['hosts', 'join', 'web1', '--package', AMD64], { cwd: folder.path });
  assert.equal(code, 0);
});
