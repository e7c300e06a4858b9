import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareChecks, type Worsening } from './compare-checks.ts';
import { freePercent, hostCheckSchema, loadPerCore, type HostCheck } from './host-check.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const some = fc.uniqueArray(name, { maxLength: 4 });

/** Every check asks about the same, as two of one host do. */
const check: fc.Arbitrary<HostCheck> = fc.record({
  failedUnits: fc.option(some, { nil: null }),
  broken: some.map((names) => names.map((entry) => ({ package: entry, state: 'iF' }))),
  load: fc.option(
    fc.record({ average: fc.float({ min: 0, max: 64, noNaN: true }), cores: fc.integer({ min: 1, max: 8 }) }),
    {
      nil: null,
    },
  ),
  disks: fc.uniqueArray(
    fc
      .record({ mount: name, bytes: fc.integer({ min: 0, max: 1000 }), freeBytes: fc.nat() })
      .map((disk) => ({ ...disk, freeBytes: Math.min(disk.bytes, disk.freeBytes) })),
    { selector: ({ mount }) => mount },
  ),
  probes: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()).map((answers) =>
    (['port', 'url', 'check', 'check'] as const).map((kind, at) => ({
      kind,
      name: `${at}`,
      ok: answers[at] ?? false,
      detail: 'said so',
    })),
  ),
});

const limits = fc.record(
  { loadPerCore: fc.float({ min: 0, max: 8, noNaN: true }), diskFreePercent: fc.integer({ min: 0, max: 100 }) },
  { requiredKeys: [] },
);

const names = (found: readonly Worsening[], kind: Worsening['kind']): readonly string[] =>
  found.filter((worse) => worse.kind === kind).map((worse) => worse.name);

test('what the checks here look like is what a host reports', () => {
  fc.assert(fc.property(check, (one) => void hostCheckSchema.parse(one)));
});

test('a host that stayed as it was is not worse, however bad it is', () => {
  fc.assert(fc.property(check, (one) => assert.deepEqual(compareChecks(one, one), [])));
});

test('worse are exactly the units and packages that are bad now and were not', () => {
  fc.assert(
    fc.property(check, check, (before, after) => {
      const found = compareChecks(before, after);
      const failed = after.failedUnits ?? (before.failedUnits === null ? [] : ['systemd']);
      assert.deepEqual(
        names(found, 'unit'),
        failed.filter((unit) => before.failedUnits?.includes(unit) !== true),
      );
      const was = before.broken.map((entry) => entry.package);
      assert.deepEqual(
        names(found, 'package'),
        after.broken.map((entry) => entry.package).filter((entry) => !was.includes(entry)),
      );
    }),
  );
});

test('a probe is worse exactly when it answered before and does not now, also when nobody looked', () => {
  fc.assert(
    fc.property(check, check, fc.nat({ max: 4 }), (before, after, kept) => {
      const partial = { ...after, probes: after.probes.slice(0, kept) };
      const found = names(compareChecks(before, partial), 'probe');
      const expected = before.probes.filter((probe, at) => probe.ok && (at >= kept || after.probes[at]?.ok !== true));
      assert.deepEqual(
        found,
        expected.map((probe) => `${probe.kind} ${probe.name}`),
      );
    }),
  );
});

test('nothing got worse both on the way there and on the way back', () => {
  fc.assert(
    fc.property(check, check, (one, other) => {
      const back = new Set(compareChecks(other, one).map((worse) => `${worse.kind} ${worse.name}`));
      const both = compareChecks(one, other).filter((worse) => back.has(`${worse.kind} ${worse.name}`));
      assert.deepEqual(both, []);
    }),
  );
});

test('limits hold whatever was before, and what is not known is beyond every limit', () => {
  fc.assert(
    fc.property(check, check, limits, (before, after, given) => {
      const found = compareChecks(before, after, given);
      const { loadPerCore: most, diskFreePercent: least } = given;
      const isOver = most !== undefined && (after.load === null || loadPerCore(after.load) > most);
      assert.deepEqual(names(found, 'load'), isOver ? ['load'] : []);
      const full = after.disks.filter((disk) => freePercent(disk) < (least ?? 0)).map((disk) => disk.mount);
      assert.deepEqual(names(found, 'disk'), least !== undefined && after.disks.length === 0 ? ['disks'] : full);
    }),
  );
});

test('what is worse is said in words', () => {
  const well: HostCheck = {
    failedUnits: [],
    broken: [],
    load: { average: 0.5, cores: 2 },
    disks: [{ mount: '/', bytes: 100, freeBytes: 50 }],
    probes: [{ kind: 'port', name: '80', ok: true, detail: 'accepts' }],
  };
  const ill: HostCheck = {
    failedUnits: ['nginx.service'],
    broken: [{ package: 'nginx:amd64', state: 'iF' }],
    load: { average: 9, cores: 2 },
    disks: [{ mount: '/', bytes: 100, freeBytes: 4 }],
    probes: [{ kind: 'port', name: '80', ok: false, detail: 'refused' }],
  };

  const said = compareChecks(well, ill, { loadPerCore: 2, diskFreePercent: 5 }).map(({ message }) => message);

  assert.deepEqual(said, [
    'nginx.service has failed',
    'nginx:amd64 is not fully installed (iF)',
    'port 80 answered before: refused',
    'the load is 4.50 per processor, more than 2',
    '/ has 4.0 % free, less than 5 %',
  ]);
});
