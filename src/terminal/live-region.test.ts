import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TerminalScreen } from '../../test/support/terminal-screen.ts';
import { openLiveRegion } from './live-region.ts';
import type { Output } from './output.ts';
import { span, type StyledLine } from './styled-line.ts';

const COLUMNS = 20;
const ROWS = 6;

function screenOutput(screen: TerminalScreen): Output {
  return {
    write: (text) => screen.write(text),
    isTTY: true,
    colour: true,
    columns: COLUMNS,
    rows: ROWS,
    onResize: () => ({ [Symbol.dispose]: () => undefined }),
  };
}

const lineArbitrary = fc
  .string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 40 })
  .map((text): StyledLine => [span(text, 'red')]);
const drawArbitrary = fc.record({
  above: fc.array(lineArbitrary, { maxLength: 8 }),
  lines: fc.array(lineArbitrary, { maxLength: ROWS - 1 }),
});

/** As the region cuts a line: one column short of the width. */
function shown(line: StyledLine): string {
  const text = line.map((piece) => piece.text).join('');
  return text.length < COLUMNS ? text : `${text.slice(0, COLUMNS - 2)}…`;
}

test('what was printed stays above, in order, and the region stands below it once', () => {
  fc.assert(
    fc.property(fc.array(drawArbitrary, { minLength: 1, maxLength: 8 }), (draws) => {
      const screen = new TerminalScreen(COLUMNS, ROWS);
      const region = openLiveRegion(screenOutput(screen));
      for (const { above, lines } of draws) region.draw(above, lines);
      const last = draws.at(-1)?.lines ?? [];
      assert.deepEqual(screen.lines(), [...draws.flatMap(({ above }) => above), ...last].map(shown));
    }),
  );
});

test('a terminal made narrower between two draws keeps no remains of the region', () => {
  let columns = COLUMNS;
  const written: string[] = [];
  const output: Output = {
    ...screenOutput(new TerminalScreen(COLUMNS, ROWS)),
    write: (text) => void written.push(text),
    get columns() {
      return columns;
    },
  };
  const region = openLiveRegion(output);
  region.draw([], [[span('a'.repeat(18))], [span('b')]]);
  columns = 10;
  region.draw([], [[span('c')]]);
  assert.ok(written[1]?.startsWith('\u001B[3A'), 'the line of 18 columns now takes two rows');
});
