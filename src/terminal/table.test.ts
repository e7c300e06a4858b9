import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryOutput } from '../../test/support/cli.ts';
import { writeTable } from './table.ts';

test('columns are as wide as their widest cell, also with wide letters', () => {
  const output = memoryOutput();
  writeTable(output, {
    head: ['HOST', 'WHAT'],
    rows: [
      ['日本1', 'x'],
      ['a', 'y'],
    ],
  });
  assert.equal(output.text(), 'HOST   WHAT\n日本1  x\na      y\n');
});

test('on a terminal the last column is cut to the line, in a pipe nothing is', () => {
  const table = { head: ['HOST', 'WHAT'], rows: [['web1', 'x'.repeat(100)]] };
  const terminal = memoryOutput({ isTTY: true, columns: 20 });
  const pipe = memoryOutput({ columns: 20 });
  writeTable(terminal, table);
  writeTable(pipe, table);
  assert.equal(terminal.text().split('\n')[1], `web1  ${'x'.repeat(13)}…`);
  assert.ok(pipe.text().includes('x'.repeat(100)));
});

test('a cell cannot bring control characters to the terminal', () => {
  const output = memoryOutput();
  writeTable(output, { head: ['HOST'], rows: [['we\u001B[2Jb\n1']] });
  assert.equal(output.text(), 'HOST\nweb1\n');
});

test('styles are written only where colour is wanted and do not count as width', () => {
  const table = { head: ['A', 'B'], rows: [[{ text: 'ok', style: 'green' as const }, 'x']] };
  const plain = memoryOutput();
  const coloured = memoryOutput({ colour: true });
  writeTable(plain, table);
  writeTable(coloured, table);
  assert.equal(plain.text(), 'A   B\nok  x\n');
  assert.ok(coloured.text().includes('\u001B[32mok\u001B[39m  x'));
});
