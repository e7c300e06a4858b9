import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinOutput } from './join-output.ts';

test('pieces in any order, repeated and overlapping, give the output once', () => {
  const output = fc.string({ unit: fc.constantFrom('a', 'b', '\n', ' '), minLength: 1, maxLength: 60 });
  const cuts = fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 10 });
  fc.assert(
    fc.property(output, cuts, (text, spans) => {
      const extra = spans.map(([from, to]) => ({
        offset: Math.min(from, text.length),
        text: text.slice(from, Math.max(from, to)),
      }));
      const half = Math.floor(text.length / 2);
      const whole = [
        { offset: half, text: text.slice(half) },
        { offset: 0, text: text.slice(0, half) },
      ];
      assert.deepEqual(joinOutput([...extra, ...whole]), { text, missingBytes: 0 });
    }),
  );
});

test('offsets count bytes, not letters', () => {
  const pieces = [
    { offset: 0, text: 'né' },
    { offset: 1, text: 'é→' },
  ];
  assert.deepEqual(joinOutput(pieces), { text: 'né→', missingBytes: 0 });
});

test('a gap is said, with its size', () => {
  const joined = joinOutput([{ offset: 10, text: 'tail' }]);
  assert.equal(joined.missingBytes, 10);
  assert.match(joined.text, /10 bytes missing/);
});
