import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { displayWidth, fitWidth, padWidth } from './display-width.ts';

test('wide letters and emoji take two columns, marks none', () => {
  assert.equal(displayWidth('web1'), 4);
  assert.equal(displayWidth('日本'), 4);
  assert.equal(displayWidth('한국'), 4);
  assert.equal(displayWidth('👩‍💻'), 2);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('✓ é…░'), 5);
});

test('a fitted text is never wider than asked, a padded one never narrower', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, width) => {
      assert.ok(displayWidth(fitWidth(text, width)) <= width);
      assert.ok(displayWidth(padWidth(text, width)) >= width);
    }),
  );
});

test('a text that fits is left as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(fitWidth(text, displayWidth(text)), text);
    }),
  );
});

test('what is cut ends in an ellipsis', () => {
  assert.equal(fitWidth('webserver', 5), 'webs…');
  assert.equal(fitWidth('日本語', 4), '日…');
});
