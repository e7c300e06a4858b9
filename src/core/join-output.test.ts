import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinOutput, type OutputPiece } from './join-output.ts';

test('pieces in any order, repeated and cut elsewhere, give the output once', () => {
  const lines = fc.array(fc.constantFrom('a\n', 'longer line\n', '\r1 %\r99 %\rdone\n', 'né→\n'), { minLength: 1 });
  const tellings = fc.array(fc.tuple(fc.nat(20), fc.nat(20), fc.infiniteStream(fc.integer({ min: 1, max: 4 }))), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(lines, tellings, fc.infiniteStream(fc.integer({ min: 1, max: 4 })), (output, again, sizes) => {
      // A first telling of everything; then others from some line on, each of which ends as if it had crashed.
      const pieces = [
        ...tell(output, { from: 0, until: output.length, sizes }),
        ...again.flatMap(([from, until, others]) => tell(output, { from, until, sizes: others })),
      ];

      assert.deepEqual(joinOutput(pieces.toReversed()), { text: shown(output), missingBytes: 0 });
    }),
  );
});

test('a piece whose text is shorter than its bytes is whole', () => {
  const pieces = [
    { offset: 0, end: 40, text: 'done\n' },
    { offset: 40, end: 44, text: 'end\n' },
  ];
  assert.deepEqual(joinOutput(pieces), { text: 'done\nend\n', missingBytes: 0 });
});

test('what was told again from the beginning takes the place of what it overlaps', () => {
  const pieces = [
    { offset: 0, end: 4, text: 'one\n' },
    { offset: 4, end: 14, text: 'two\nthree\n' },
    { offset: 0, end: 8, text: 'one\ntwo\n' },
    { offset: 8, end: 19, text: 'three\nfour\n' },
  ];
  assert.deepEqual(joinOutput(pieces), { text: 'one\ntwo\nthree\nfour\n', missingBytes: 0 });
});

test('a gap is said, with its size', () => {
  const joined = joinOutput([{ offset: 10, end: 14, text: 'tail' }]);
  assert.equal(joined.missingBytes, 10);
  assert.match(joined.text, /10 bytes missing/);
});

type Telling = { readonly from: number; readonly until: number; readonly sizes: Iterator<number> };

/** Pieces of some lines each, from one line to another. */
function tell(output: readonly string[], { from, until, sizes }: Telling): readonly OutputPiece[] {
  const pieces: OutputPiece[] = [];
  for (let line = from; line < Math.min(until, output.length);) {
    const next = Math.min(line + Number(sizes.next().value), output.length);
    pieces.push({ offset: bytes(output, line), end: bytes(output, next), text: shown(output.slice(line, next)) });
    line = next;
  }
  return pieces;
}

function bytes(output: readonly string[], lines: number): number {
  return Buffer.byteLength(output.slice(0, lines).join(''));
}

function shown(output: readonly string[]): string {
  return output.map((line) => line.slice(line.lastIndexOf('\r') + 1)).join('');
}
