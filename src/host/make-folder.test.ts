import assert from 'node:assert/strict';
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from './make-folder.ts';

test('a folder is made with those above it, for its owner alone, and may be there already', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'celeroot-folder-'));
  const path = join(dir.path, 'a', 'b');

  await makeFolder(path);
  await makeFolder(path);

  for (const made of [path, join(dir.path, 'a')]) assert.equal((await stat(made)).mode & 0o777, 0o700);
});

test('a folder that cannot be made is an error at once', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'celeroot-folder-'));
  const file = join(dir.path, 'file');
  await writeFile(file, '');

  await assert.rejects(makeFolder(file), { code: 'EEXIST' });
  await assert.rejects(makeFolder(join(file, 'below')), { code: 'ENOTDIR' });
  await assert.rejects(makeFolder('/proc/celeroot/below'), { code: 'ENOENT' });
});
