import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { sizeOf } from '../host/size-of.ts';
import { readGrowth, readNewLines } from './grown-file.ts';

test('a line that is still being written waits until it is whole', async (t) => {
  const path = await setUp(t);
  await writeFile(path, 'one\ntw');
  const first = await readNewLines(path, 0);
  await appendFile(path, 'o\nthree\n');
  const second = await readNewLines(path, first.end);

  assert.deepEqual(first, { lines: ['one'], end: 4 });
  assert.deepEqual(second, { lines: ['two', 'three'], end: 14 });
  assert.deepEqual(await readNewLines(path, 14), { lines: [], end: 14 });
});

test('lines longer than one read and many lines are read whole', async (t) => {
  const path = await setUp(t);
  const lines = ['x'.repeat(300_000), ...Array.from({ length: 20_000 }, (_, index) => `line ${index}`)];
  await writeFile(path, `${lines.join('\n')}\n`);

  assert.deepEqual((await readNewLines(path, 0)).lines, lines);
});

test('empty lines are lines', async (t) => {
  const path = await setUp(t);
  await writeFile(path, '\n\na\n');

  assert.deepEqual((await readNewLines(path, 0)).lines, ['', '', 'a']);
});

test('a file that is not there has not grown', async (t) => {
  const path = await setUp(t);

  assert.deepEqual(await readNewLines(path, 0), { lines: [], end: 0 });
  assert.equal((await readGrowth(path, 10, 5)).length, 0);
  assert.equal(await sizeOf(path), 0);
});

async function setUp(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-grown-'));
  t.after(async () => await rm(folder, { recursive: true }));
  return join(folder, 'file');
}
