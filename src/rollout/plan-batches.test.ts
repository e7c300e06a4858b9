import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostNameSchema } from '../core/names.ts';
import { batchesOf, planBatches, type PlannedHost } from './plan-batches.ts';
import { DEFAULT_RULES, ORDERS, type RolloutRules } from './rules.ts';
import { countOf, formatSize, parseSize, type Size } from './size.ts';

function hosts(count: number, labelsOf: (index: number) => Record<string, string> = () => ({})): PlannedHost[] {
  return Array.from({ length: count }, (_, index) => ({
    name: hostNameSchema.parse(`h${String(index).padStart(3, '0')}`),
    labels: new Map(Object.entries(labelsOf(index))),
  }));
}

function sizes(...texts: readonly string[]): readonly Size[] {
  return texts.map((text) => parseSize(text) ?? assert.fail(text));
}

function laidOut(count: number, rules: Partial<RolloutRules>): readonly string[] {
  const { rollout } = planBatches(hosts(count), { ...DEFAULT_RULES, ...rules }, 'seed');
  return rollout.batches.map(({ name, size }) => `${name}:${size}`);
}

test('a size is a whole number or a percentage', () => {
  assert.deepEqual(parseSize('10%'), { kind: 'percent', value: 10 });
  assert.deepEqual(parseSize(3), { kind: 'count', value: 3 });
  for (const text of ['', '%', '-1', '1.5', '101%', '10 %', 'two', '1e3']) assert.equal(parseSize(text), null, text);
  for (const text of ['0', '7', '33%']) assert.equal(formatSize(parseSize(text) ?? assert.fail()), text);
});

test('a percentage is rounded down and a count is no more than there are', () => {
  assert.equal(countOf({ kind: 'percent', value: 10 }, 19), 1);
  assert.equal(countOf({ kind: 'percent', value: 100 }, 19), 19);
  assert.equal(countOf({ kind: 'count', value: 50 }, 19), 19);
});

test('sizes follow each other, and the last counts for all that follow', () => {
  assert.deepEqual(laidOut(20, { batches: sizes('1', '10%', '40%') }), ['1:1', '2:2', '3:8', '4:8', '5:1']);
  assert.deepEqual(laidOut(3, { batches: sizes('10%') }), ['1:1', '2:1', '3:1']);
  assert.deepEqual(laidOut(3, {}), ['1:3']);
});

test('canaries go first, by number or by name', () => {
  assert.deepEqual(laidOut(10, { canary: parseSize('20%') }), ['canary:2', '1:8']);
  assert.deepEqual(laidOut(10, { canary: parseSize('0') }), ['1:10']);
  assert.deepEqual(laidOut(1, { canary: parseSize('10%') }), ['canary:1']);
  const named = planBatches(hosts(4), { ...DEFAULT_RULES, canary: ['h003', 'h00?x'] }, '');
  assert.deepEqual(named.hosts, ['h003', 'h000', 'h001', 'h002']);
});

test('canaries that are not among the hosts are an error', () => {
  assert.throws(() => planBatches(hosts(2), { ...DEFAULT_RULES, canary: ['db*'] }, ''), {
    code: 'NO_HOST_MATCHED',
    message: 'no host of the target is a canary (db*)',
  });
});

test('with a label no batch has hosts that differ in it', () => {
  const zones = hosts(7, (index) => (index === 6 ? {} : { zone: index % 2 === 0 ? 'a' : 'b' }));
  const { rollout } = planBatches(zones, { ...DEFAULT_RULES, by: 'zone', batches: sizes('50%') }, '');
  assert.deepEqual(
    rollout.batches.map(({ name, size }) => `${name}:${size}`),
    ['zone=a 1:1', 'zone=a 2:1', 'zone=a 3:1', 'zone=b 1:1', 'zone=b 2:1', 'zone=b 3:1', 'no zone:1'],
  );
});

test('canaries that differ in the label go one after another, and percentages count them too', () => {
  const zones = hosts(8, (index) => ({ zone: index % 2 === 0 ? 'a' : 'b' }));
  const rules = { ...DEFAULT_RULES, by: 'zone', batches: sizes('50%') };
  const namesOf = (canary: RolloutRules['canary']): readonly string[] =>
    planBatches(zones, { ...rules, canary }, '').rollout.batches.map(({ name, size }) => `${name}:${size}`);
  assert.deepEqual(namesOf(parseSize(2)), [
    'canary zone=a:1',
    'canary zone=b:1',
    'zone=a 1:2',
    'zone=a 2:1',
    'zone=b 1:2',
    'zone=b 2:1',
  ]);
  assert.deepEqual(namesOf(['h001']), ['canary:1', 'zone=a 1:2', 'zone=a 2:2', 'zone=b 1:2', 'zone=b 2:1']);
});

test('limits become numbers', () => {
  const rules = { ...DEFAULT_RULES, batches: sizes('50%'), maxFailures: sizes('10%')[0] ?? assert.fail() };
  const { rollout } = planBatches(hosts(20), { ...rules, maxFailuresPerBatch: { kind: 'count', value: 3 } }, '');
  assert.equal(rollout.maxFailures, 2);
  assert.deepEqual(
    rollout.batches.map(({ maxFailures }) => maxFailures),
    [3, 3],
  );
});

const size: fc.Arbitrary<Size> = fc.oneof(
  fc.nat(30).map((value): Size => ({ kind: 'count', value })),
  fc.nat(100).map((value): Size => ({ kind: 'percent', value })),
);

test('every host is in exactly one batch, no batch is empty or too large, and labels stay apart', () => {
  const rulesArbitrary = fc.record({
    canary: fc.option(size),
    batches: fc.array(size, { minLength: 1, maxLength: 4 }),
    by: fc.constantFrom(null, 'zone'),
    order: fc.constantFrom(...ORDERS),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), rulesArbitrary, fc.string(), (count, rules, seed) => {
      const all = hosts(count, (index) => ({ zone: String(index % 3) }));
      const plan = planBatches(all, { ...DEFAULT_RULES, ...rules }, seed);
      assert.deepEqual(
        plan.hosts.toSorted(),
        all.map(({ name }) => name),
      );
      const zoneOf = new Map(all.map(({ name, labels }) => [name, labels.get('zone')]));
      for (const [index, members] of batchesOf(plan.hosts, plan.rollout.batches).entries()) {
        const { name = '', size: stated = 0 } = plan.rollout.batches[index] ?? {};
        assert.equal(members.length, stated);
        assert.ok(stated > 0);
        const [zone = null, ...others] = new Set(members.map((host) => zoneOf.get(host)));
        if (rules.by !== null) assert.deepEqual(others, []);
        if (name.startsWith('canary')) continue;
        const total = rules.by === null ? count : [...zoneOf.values()].filter((each) => each === zone).length;
        assert.ok(stated <= Math.max(1, ...rules.batches.map((each) => countOf(each, total))));
      }
    }),
  );
});

test('the same seed shuffles the same way', () => {
  const rules = { ...DEFAULT_RULES, order: 'shuffled' } as const;
  const orders = ['a', 'a', 'b'].map((seed) => planBatches(hosts(30), rules, seed).hosts.join());
  assert.equal(orders[0], orders[1]);
  assert.notEqual(orders[0], orders[2]);
});
