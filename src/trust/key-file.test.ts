import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtempDisposable, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../core/errors.ts';
import { readSigningKey, writeSigningKey } from './key-file.ts';
import { makeSigningKey } from './key.ts';

const folder = (): Promise<{ path: string } & AsyncDisposable> => mkdtempDisposable(join(tmpdir(), 'celeroot-key-'));

async function rejects(work: Promise<unknown>, code: ErrorCode, hint: RegExp): Promise<void> {
  await assert.rejects(work, { name: 'ConfigError', code, hint });
}

describe('a key file', () => {
  test('is written for its owner alone and read back', async () => {
    await using dir = await folder();
    const file = join(dir.path, 'celeroot.key');
    const key = makeSigningKey();

    await writeSigningKey(file, key);

    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await readSigningKey(file)).id, key.id);
  });

  test('that is there is never overwritten', async () => {
    await using dir = await folder();
    const file = join(dir.path, 'celeroot.key');
    await writeFile(file, 'precious');

    await rejects(writeSigningKey(file, makeSigningKey()), 'CONFIG_EXISTS', /move it away/);

    assert.equal(await readFile(file, 'utf8'), 'precious');
  });

  test('in a folder that is not there is not written', async () => {
    await using dir = await folder();

    await rejects(writeSigningKey(join(dir.path, 'no', 'key'), makeSigningKey()), 'KEY_UNUSABLE', /folder/);
  });

  test('that is missing is an error that says where to name it', async () => {
    await using dir = await folder();

    await rejects(readSigningKey(join(dir.path, 'none')), 'KEY_UNUSABLE', /signing_key/);
  });

  for (const mode of [0o640, 0o604, 0o620, 0o666]) {
    test(`open to others with mode ${mode.toString(8)} is refused with the command that mends it`, async () => {
      await using dir = await folder();
      const file = join(dir.path, 'celeroot.key');
      await writeSigningKey(file, makeSigningKey());
      await chmod(file, mode);

      await rejects(readSigningKey(file), 'KEY_UNUSABLE', new RegExp(`^chmod 600 ${file}$`));
    });
  }

  test(
    'of another user is refused',
    { skip: process.getuid?.() !== 0 && 'only root can give files away' },
    async () => {
      await using dir = await folder();
      const file = join(dir.path, 'celeroot.key');
      await writeSigningKey(file, makeSigningKey());
      await chown(file, 65_534, 65_534);

      await rejects(readSigningKey(file), 'KEY_UNUSABLE', /^chown 0 /);
    },
  );

  test('that is a folder is refused', async () => {
    await using dir = await folder();
    await mkdir(join(dir.path, 'key'), { mode: 0o700 });

    await rejects(readSigningKey(join(dir.path, 'key')), 'KEY_UNUSABLE', /name the key file/);
  });

  test('that is huge or no key is refused', async () => {
    await using dir = await folder();
    const file = join(dir.path, 'celeroot.key');
    await writeFile(file, '-----BEGIN PRIVATE KEY-----\n', { mode: 0o600 });
    await rejects(readSigningKey(file), 'KEY_UNUSABLE', /celeroot init/);

    await truncate(file, 1 << 30);
    await rejects(readSigningKey(file), 'KEY_UNUSABLE', /celeroot init/);
  });
});
