import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeDurably } from './durable-file.ts';

test('a durable write replaces the content, sets the mode and leaves nothing else behind', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-durable-'));
  t.after(async () => await rm(folder, { recursive: true }));
  const path = join(folder, 'state.json');
  await writeFile(path, 'old', { mode: 0o644 });

  await writeDurably(path, 'new');

  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ['state.json']);
});

test('a durable write that cannot be finished keeps the old content and leaves nothing else behind', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-durable-'));
  t.after(async () => await rm(folder, { recursive: true }));

  await assert.rejects(writeDurably(join(folder, '.'), 'new'));

  assert.deepEqual(await readdir(folder), []);
});
