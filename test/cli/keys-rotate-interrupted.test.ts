import assert from 'node:assert/strict';
import { appendFile, copyFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';

async function keys({ path }: FleetFolder, ...args: readonly string[]): Promise<CliResult> {
  return await runCli(['keys', ...args], { cwd: path });
}

/** What a rotation does, in its order; one that is interrupted has done some of it. */
const STEPS = ['the new key', 'the trust file', 'the configuration', 'the old key aside'] as const;

const KINDS = [
  { which: 'operator', file: 'celeroot.key', steps: [1, 2, 4] },
  { which: '--root', file: 'celeroot.root.key', steps: [1, 2, 3, 4] },
] as const;

for (const { which, file, steps } of KINDS) {
  for (const done of steps) {
    test(`keys rotate ${which} goes on where it was interrupted after ${STEPS[done - 1]}`, async () => {
      await using folder = await makeFleetFolder();
      const at = (name: string): string => join(folder.path, name);
      for (const name of [file, 'celeroot.trust', 'celeroot.yaml']) await copyFile(at(name), at(`${name}.before`));
      assert.equal((await keys(folder, 'rotate', which)).code, 0);
      const { id } = await readSigningKey(at(file));
      await rename(at(file), at(`${file}.new`));
      await rm(at(`${file}.version-1`));
      await rename(at(`${file}.before`), at(done < 4 ? file : `${file}.version-1`));
      if (done < 2) await rename(at('celeroot.trust.before'), at('celeroot.trust'));
      if (done < 3) await rename(at('celeroot.yaml.before'), at('celeroot.yaml'));

      const again = await keys(folder, 'rotate', which);

      assert.equal(again.code, 0, again.stderr);
      assert.equal((await readSigningKey(at(file))).id, id);
      assert.ok(!(await readdir(folder.path)).includes(`${file}.new`));
      const added = await keys(folder, 'add', 'ada', '--out', 'ada.key');
      assert.equal(added.code, 0, added.stderr);
      assert.match((await keys(folder, 'ls')).stdout, /^version 3, /m);
      const ping = await runCli(['system', 'ping', '--host', 'web1'], { cwd: folder.path });
      assert.match(ping.stderr, /error\[BROKER_UNREACHABLE\]/);
    });
  }
}

test('what an interrupted rotation left is named where the old key counts for nothing any more', async () => {
  await using folder = await makeFleetFolder();
  const at = (name: string): string => join(folder.path, name);
  for (const { which, file } of KINDS) {
    await copyFile(at(file), at('old'));
    await keys(folder, 'rotate', which);
    await rename(at(file), at(`${file}.new`));
    await rename(at('old'), at(file));
  }

  const ping = await runCli(['system', 'ping', '--host', 'web1'], { cwd: folder.path });
  const revoke = await keys(folder, 'revoke', 'operator-1');

  assert.match(ping.stderr, /error\[KEY_UNUSABLE\].*\nhint: \S+celeroot\.key\.new was left by a rotation/);
  assert.match(revoke.stderr, /error\[KEY_UNUSABLE\].*\nhint: \S+celeroot\.root\.key\.new was left by a rotation/);
});

test('two rotations at once leave a key that counts', async () => {
  await using folder = await makeFleetFolder();
  const both = await Promise.all([keys(folder, 'rotate', 'operator'), keys(folder, 'rotate', 'operator')]);

  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  const { id } = await readSigningKey(join(folder.path, 'celeroot.key'));
  const { stdout } = await keys(folder, 'ls');
  assert.match(stdout, new RegExp(`^operator +operator +good .*${id.replaceAll('+', '\\+')}$`, 'm'));
});

test('the key that the rotation of another left is not taken', async () => {
  await using folder = await makeFleetFolder();
  const file = join(folder.path, 'celeroot.key');
  await keys(folder, 'add', 'ada', '--out', 'celeroot.key.new');

  const rotated = await keys(folder, 'rotate', 'operator');

  assert.equal(rotated.code, 3);
  assert.match(rotated.stderr, /error\[KEY_UNUSABLE\].*\nhint: finish that first: {2}celeroot keys rotate ada/);
  assert.notEqual((await readSigningKey(file)).id, (await readSigningKey(`${file}.new`)).id);
});

test('a root key that is not there is asked for by the name of its setting', async () => {
  await using folder = await makeFleetFolder();
  await rm(join(folder.path, 'celeroot.root.key'));

  const { code, stderr } = await keys(folder, 'revoke', 'operator', '--yes');

  assert.equal(code, 3);
  assert.match(
    stderr,
    /error\[KEY_UNUSABLE\]: cannot read the private key .*celeroot\.root\.key.*\nhint: .*`root_key:`/,
  );
});

for (const { which, setting } of [
  { which: 'operator', setting: 'signing_key' },
  { which: '--root', setting: 'root_key' },
]) {
  test(`keys rotate ${which} where the key is in no folder is one clear error`, async () => {
    await using folder = await makeFleetFolder();
    await appendFile(folder.file, `${setting}: nowhere/a.key\n`);

    const { code, stderr } = await keys(folder, 'rotate', which);

    assert.equal(code, 3);
    assert.match(stderr, /^error\[KEY_UNUSABLE\]: cannot put a new key beside .*nowhere\/a\.key: .*\nhint: /);
  });
}
