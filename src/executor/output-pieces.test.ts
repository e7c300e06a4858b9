import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { HEAD_BYTES, nextOutputPiece, TAIL_BYTES, type OutputPiece, type Size } from './output-pieces.ts';

const RUNNING = null;

test('output is sent in whole lines, and what has no end of line when the job is finished', async (t) => {
  const path = await setUp(t, 'one\ntwo');

  const first = await nextOutputPiece(path, 0, RUNNING);
  assert.deepEqual(first, { offset: 0, text: 'one\n', end: 4 });
  assert.equal(await nextOutputPiece(path, 4, RUNNING), null);
  assert.deepEqual(await nextOutputPiece(path, 4, { size: 7 }), { offset: 4, text: 'two', end: 7 });
  assert.equal(await nextOutputPiece(path, 7, { size: 7 }), null);
});

test('every piece fits a report, even of output that is no text', async (t) => {
  const path = await setUp(t, Buffer.alloc(50_000, 0xff));

  const pieces = await allPieces(path, { size: 50_000 });

  assert.equal(pieces.at(-1)?.end, 50_000);
  for (const { text } of pieces) assert.ok(Buffer.byteLength(text) <= 16_384);
});

test('a character is not cut in two', async (t) => {
  const text = '…€ü𝄞'.repeat(3000);
  const path = await setUp(t, text);

  const pieces = await allPieces(path, { size: Buffer.byteLength(text) });

  assert.ok(pieces.length > 1);
  assert.equal(pieces.map((piece) => piece.text).join(''), text);
});

test('of long output the head is sent at once, and at the end a note and the tail', async (t) => {
  const line = `${'x'.repeat(99)}\n`;
  const path = await setUp(t, line.repeat(10_000));
  const head = await allPieces(path, RUNNING);
  await appendFile(path, line.repeat(5000));
  const sent = head.at(-1)?.end ?? 0;
  assert.equal(sent, HEAD_BYTES);
  const rest = await allPieces(path, { size: 1_500_000 }, sent);

  const text = rest.map((piece) => piece.text).join('');
  assert.match(text, /\n\[\d+ bytes are left out here; all of it is in .*\/out.log on the host\]\n/);
  assert.ok(text.endsWith(line.repeat(600)));
  assert.equal(rest.at(-1)?.end, 1_500_000);
  const total = [...head, ...rest].reduce((sum, piece) => sum + piece.text.length, 0);
  assert.ok(total < HEAD_BYTES + TAIL_BYTES + 500);
});

test('output just longer than the head is sent without a gap', async (t) => {
  const text = `${'x'.repeat(99)}\n`.repeat(2100);
  const path = await setUp(t, text);

  const pieces = await allPieces(path, { size: text.length });

  assert.equal(pieces.map((piece) => piece.text).join(''), text);
});

async function allPieces(path: string, finished: Size | null, from = 0): Promise<readonly OutputPiece[]> {
  const pieces: OutputPiece[] = [];
  for (let offset = from; ;) {
    const piece = await nextOutputPiece(path, offset, finished);
    if (piece === null) return pieces;
    assert.equal(piece.offset, offset);
    assert.ok(piece.end > offset);
    pieces.push(piece);
    offset = piece.end;
  }
}

async function setUp(t: TestContext, content: string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-output-'));
  t.after(async () => await rm(folder, { recursive: true }));
  const path = join(folder, 'out.log');
  await writeFile(path, content);
  return path;
}
