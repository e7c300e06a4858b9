import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostNameSchema, queueNameSchema } from '../core/names.ts';
import { queueNameOf, type Destination } from '../core/run.ts';
import { keysFor, prefixFor } from './names.ts';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const destination: fc.Arbitrary<Destination> = fc.oneof(
  name
    .map((text) => hostNameSchema.safeParse(text))
    .filter(({ success }) => success)
    .map(({ data }) => ({ kind: 'host', host: data ?? hostNameSchema.parse('x') }) as const),
  name.map((text) => ({ kind: 'any', queue: queueNameSchema.parse(text) }) as const),
);

test('no two destinations share a queue, and no queue is called like another key', () => {
  const keys = keysFor(null);
  fc.assert(
    fc.property(destination, destination, (one, other) => {
      const same = one.kind === other.kind && JSON.stringify(one) === JSON.stringify(other);
      assert.equal(queueNameOf(one) === queueNameOf(other), same);
      assert.doesNotMatch(queueNameOf(one), /:/);
      assert.notEqual(keys.queue(one, 'wait'), keys.runs);
    }),
  );
});

test('every key of an environment is in one slot of a cluster', () => {
  assert.equal(prefixFor(null), '{celeroot}');
  assert.equal(prefixFor('staging'), '{celeroot:staging}');
  assert.equal(keysFor('staging').facts(hostNameSchema.parse('web1')), '{celeroot:staging}:facts:web1');
});
