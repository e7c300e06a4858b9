import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plainLines, plainText } from './plain-text.ts';

test('no text from a host can move the cursor, set a title, ring or reorder a line', () => {
  assert.equal(plainText('a\u001B[2Jb\u001B]0;owned\u0007c\u0007\u202Ed'), 'abcd');
  assert.equal(plainText('\u009B31mred'), 'red');
  assert.equal(plainText('one\ttwo'), 'one two');
});

test('whatever comes in, no control character goes out', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('\u001B', '[', ']', '0', ';', 'm', '\u0007', '\u009B', 'A', '\r', '\n'),
  });
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (text) => {
      assert.doesNotMatch(plainText(text), /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u);
      for (const line of plainLines(text)) assert.doesNotMatch(line, /\p{Cc}/u);
    }),
  );
});

test('text without anything to remove stays as it is', () => {
  assert.equal(plainText('nginx 1.22.1-9 → 1.24, ok ✓'), 'nginx 1.22.1-9 → 1.24, ok ✓');
});

test('a carriage return of a progress bar starts a new line', () => {
  assert.deepEqual(plainLines('10 %\r20 %\r\ndone\n'), ['10 %', '20 %', 'done', '']);
});
