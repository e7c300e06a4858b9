import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCodeCache, sealCodeCache } from '../../bin/code-cache.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const code = Buffer.from('what V8 compiled');
const sealed = sealCodeCache(code);

test('a code cache is read as it was written', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'celeroot.cache');
  await writeFile(file, sealed);
  assert.deepEqual(readCodeCache(file), code);
});

test('a code cache that is missing, cut off or damaged anywhere is none', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'celeroot.cache');
  assert.equal(readCodeCache(file), null);
  const damaged = [...sealed.keys()].map((at) => sealed.map((byte, index) => (index === at ? byte ^ 1 : byte)));
  for (const content of [...damaged, Buffer.alloc(0), sealed.subarray(1), sealed.subarray(0, -1)]) {
    await writeFile(file, content);
    assert.equal(readCodeCache(file), null);
  }
});
