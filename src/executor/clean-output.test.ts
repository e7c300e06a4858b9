import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanOutput } from './clean-output.ts';

test('of a line that is written over the last state is shown', () => {
  assert.equal(cleanOutput('Reading 5%\rReading 100%\rReading done\r\nnext\r\n'), 'Reading done\nnext\n');
});

test('colours, titles and cursor movements are gone', () => {
  assert.equal(cleanOutput('\u001B[1;31mred\u001B[0m\u001B]0;title\u0007 \u001B[2Kplain\u001BM'), 'red plain');
});

test('text that turns the direction of writing around is gone', () => {
  assert.equal(cleanOutput('a\u202Eb\u2066c'), 'abc');
});

test('nothing a program prints leaves a control character but tab and newline', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(cleanOutput(text), /[^\P{Cc}\t\n]/u);
    }),
  );
});

test('ordinary text is left as it is', () => {
  const text = 'Setting up nginx (1.22.1-9) …\n\tGrüße, ☃\n';

  assert.equal(cleanOutput(text), text);
});
