import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PackageChange } from '../core/transaction.ts';
import { judgePlan, type Permissions } from './judge-plan.ts';
import { parseDpkgQuery } from './parse-dpkg-query.ts';
import { makeSnapshot } from './snapshot.ts';

const now = makeSnapshot(
  parseDpkgQuery(
    [
      'dpkg amd64 ii 1 yes no',
      'old all ii 1 no no',
      'lib amd64 ii 1 no no',
      'lib i386 ii 1 no no',
      'kept amd64 hi 1 no no',
    ]
      .map((line) => line.split(' ').join('\t'))
      .join('\n'),
  ),
  new Set(),
);
const change = (name: string, arch: string, fields: Partial<PackageChange>): PackageChange => ({
  package: name,
  arch,
  action: 'upgrade',
  from: '1',
  to: '2',
  origin: null,
  security: false,
  ...fields,
});
const gone = { action: 'remove', to: null } as const;

const judge = (changes: readonly PackageChange[], permissions: Partial<Permissions> = {}, essential: string[] = []) =>
  judgePlan(
    { operation: null, transaction: { changes, keptBack: [] }, marks: [], wanted: [], essential },
    { remove: [], downgrade: [], exclude: [], named: [], deny: [], ...permissions },
    now,
  );

test('installing and upgrading need no permission', () => {
  assert.equal(judge([change('lib', 'amd64', {}), change('new', 'all', { action: 'install', from: null })]), null);
});

test('a removal must be named, with or without its architecture', () => {
  const removal = [change('old', 'all', gone)];
  assert.equal(judge(removal)?.message, 'would remove old');
  assert.equal(judge(removal, { remove: ['old'] }), null);
  assert.equal(judge(removal, { remove: ['old:amd64'] }), null);
  assert.equal(judge(removal, { remove: ['old:i386'] })?.kind, 'removal_not_allowed');
});

test('a package of another architecture is called by it', () => {
  assert.equal(judge([change('lib', 'i386', gone)])?.hint, 'if that is meant, add: --allow-remove lib:i386');
  assert.equal(judge([change('lib', 'i386', gone)], { remove: ['lib:amd64'] })?.kind, 'removal_not_allowed');
});

test('no permission removes what is essential or changes what is held', () => {
  const all = { remove: ['dpkg', 'old', 'kept'], downgrade: ['kept'], named: ['kept'] };
  assert.equal(judge([change('dpkg', 'amd64', gone)], all)?.kind, 'essential');
  assert.equal(judge([change('old', 'all', gone)], all, ['old'])?.kind, 'essential');
  assert.equal(judge([change('kept', 'amd64', {})], all)?.kind, 'held');
  assert.equal(judge([change('kept', 'amd64', gone)], all)?.kind, 'held');
});

test('a downgrade must be named', () => {
  const downgrade = [change('lib', 'amd64', { action: 'downgrade', from: '2', to: '1' })];
  assert.equal(judge(downgrade)?.message, 'would downgrade lib from 2 to 1');
  assert.equal(judge(downgrade, { downgrade: ['lib'] }), null);
});

test('an excluded package changes only when it is asked for by name, but may be new', () => {
  const upgrade = [change('lib', 'amd64', {})];
  assert.equal(judge(upgrade, { exclude: ['li*'] })?.kind, 'excluded');
  assert.equal(judge(upgrade, { exclude: ['li*'], named: ['lib'] }), null);
  assert.equal(judge([change('lib2', 'amd64', { from: null })], { exclude: ['li*'] }), null);
});

test('whatever is planned, nothing goes that no permission names', () => {
  const names = fc.constantFrom('old', 'lib', 'kept', 'dpkg');
  fc.assert(
    fc.property(fc.array(names), fc.array(names), (removed, allowed) => {
      const verdict = judge(
        removed.map((name) => change(name, name === 'old' ? 'all' : 'amd64', gone)),
        { remove: allowed },
      );
      const may = removed.every((name) => allowed.includes(name) && name !== 'kept' && name !== 'dpkg');
      assert.equal(verdict === null, may);
    }),
  );
});
