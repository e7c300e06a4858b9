import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PackageChange } from '../core/transaction.ts';
import { diffSnapshots } from './diff-snapshots.ts';
import { parseDpkgQuery } from './parse-dpkg-query.ts';
import { makeSnapshot, type Snapshot } from './snapshot.ts';

/** Lines as `name arch state version`. */
function snapshotOf(...lines: readonly string[]): Snapshot {
  const rows = ['dpkg amd64 ii 1.21', ...lines].map((line) => line.split(' ').join('\t'));
  return makeSnapshot(parseDpkgQuery(rows.join('\n')), new Set());
}

/** Changes as `name arch action from to`. */
function diff(before: readonly string[], after: readonly string[], planned: readonly PackageChange[] = []): string[] {
  return diffSnapshots(snapshotOf(...before), snapshotOf(...after), planned).map((change) =>
    [change.package, change.arch, change.action, change.from ?? '-', change.to ?? '-'].join(' '),
  );
}

test('every kind of change is told by its name', () => {
  assert.deepEqual(diff([], ['a amd64 ii 1']), ['a amd64 install - 1']);
  assert.deepEqual(diff(['a amd64 rc 1'], ['a amd64 ii 2']), ['a amd64 install - 2']);
  assert.deepEqual(diff(['a amd64 ii 1'], ['a amd64 ii 2']), ['a amd64 upgrade 1 2']);
  assert.deepEqual(diff(['a amd64 ii 1:1'], ['a amd64 ii 2']), ['a amd64 downgrade 1:1 2']);
  assert.deepEqual(diff(['a amd64 ii 1'], ['a amd64 rc 1']), ['a amd64 remove 1 -']);
  assert.deepEqual(diff(['a amd64 ii 1'], []), ['a amd64 remove 1 -']);
  assert.deepEqual(diff(['a amd64 rc 1'], []), ['a amd64 purge - -']);
  assert.deepEqual(diff(['a amd64 iF 1'], ['a amd64 ii 1']), ['a amd64 configure 1 1']);
  assert.deepEqual(diff(['a amd64 iHR 1'], ['a amd64 ii 1']), ['a amd64 reinstall 1 1']);
});

test('half a package counts as there, and what stays broken is no change', () => {
  assert.deepEqual(diff([], ['a amd64 iHR 1']), ['a amd64 install - 1']);
  assert.deepEqual(diff(['a amd64 iF 1'], ['a amd64 iF 1']), []);
  assert.deepEqual(diff(['a amd64 ii 1'], ['a amd64 iF 1']), []);
});

test('a package that changes between all and the native architecture is one change', () => {
  assert.deepEqual(diff(['a all ii 1'], ['a amd64 ii 2']), ['a amd64 upgrade 1 2']);
  assert.deepEqual(diff(['a amd64 ii 1', 'a i386 ii 1'], ['a all ii 2']), ['a all upgrade 1 2', 'a i386 remove 1 -']);
});

test('a hold is no change', () => {
  assert.deepEqual(diff(['a amd64 ii 1'], ['a amd64 hi 1']), []);
});

test('the plan says where a version came from and what was purged, but not what happened', () => {
  const planned: PackageChange[] = [
    { package: 'a', arch: 'all', action: 'upgrade', from: '1', to: '2', origin: 'Sec:1/s-security', security: true },
    { package: 'b', arch: 'amd64', action: 'purge', from: '1', to: null, origin: null, security: false },
    { package: 'c', arch: 'amd64', action: 'upgrade', from: '1', to: '2', origin: 'X', security: true },
  ];
  const before = snapshotOf('a all ii 1', 'b amd64 ii 1', 'c amd64 ii 1');
  const changes = diffSnapshots(before, snapshotOf('a all ii 2', 'c amd64 ii 3'), planned);
  assert.deepEqual(changes, [
    planned[0],
    planned[1],
    { package: 'c', arch: 'amd64', action: 'upgrade', from: '1', to: '3', origin: null, security: false },
  ]);
});

test('nothing changes between a snapshot and itself, and changes are sorted', () => {
  const line = fc
    .tuple(
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), minLength: 2, maxLength: 4 }),
      fc.constantFrom('amd64', 'all', 'i386'),
      fc.constantFrom('ii', 'hi', 'iF', 'iHR', 'rc', 'un', 'iU', 'pn'),
      fc.constantFrom('1', '2'),
    )
    .map((fields) => fields.join(' '));
  fc.assert(
    fc.property(fc.array(line), fc.array(line), (before, after) => {
      assert.deepEqual(diff(before, before), []);
      const changes = diffSnapshots(snapshotOf(...before), snapshotOf(...after), []);
      const names = changes.map((change) => change.package);
      assert.deepEqual(names, names.toSorted());
      for (const { from, to, action } of changes) {
        assert.ok(from !== to || ['purge', 'configure', 'reinstall'].includes(action));
      }
    }),
  );
});
