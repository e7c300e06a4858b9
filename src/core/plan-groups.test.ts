import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFixture } from '../../test/support/run-fixture.ts';
import { countChanges, groupPlans } from './plan-groups.ts';
import type { PackageChange, Transaction } from './transaction.ts';

function change(name: string, overrides: Partial<PackageChange> = {}): PackageChange {
  return {
    package: name,
    arch: 'amd64',
    action: 'upgrade',
    from: '1',
    to: '2',
    origin: null,
    security: false,
    ...overrides,
  };
}

const upgrade: Transaction = { changes: [change('openssl'), change('curl')], keptBack: [] };
const removal: Transaction = {
  changes: [...upgrade.changes, change('php', { action: 'remove', to: null })],
  keptBack: [],
};

test('hosts with equal transactions are one group, the largest first', () => {
  const fixture = runFixture(['web3', 'web1', 'web2']);
  const reversed: Transaction = { changes: upgrade.changes.toReversed(), keptBack: [] };
  const state = fixture.after([
    fixture.planned('web3', removal),
    fixture.planned('web1', upgrade),
    fixture.planned('web2', reversed),
  ]);
  const groups = groupPlans(state).map(({ letter, hosts }) => [letter, hosts]);
  assert.deepEqual(groups, [
    ['A', ['web1', 'web2']],
    ['B', ['web3']],
  ]);
});

test('a plan the host objects to is a group of its own, with the reason', () => {
  const fixture = runFixture(['web1', 'web2']);
  const state = fixture.after([
    fixture.planned('web1', removal),
    fixture.objected('web2', removal, 'would remove php'),
  ]);
  assert.deepEqual(
    groupPlans(state).map(({ hosts, objection }) => [hosts, objection]),
    [
      [['web1'], null],
      [['web2'], 'would remove php'],
    ],
  );
});

test('a job that ended without a plan is in no group', () => {
  const fixture = runFixture(['web1']);
  assert.deepEqual(groupPlans(fixture.after([fixture.failed('web1', null, 'no lists')])), []);
});

test('letters go on after Z', () => {
  const names = Array.from({ length: 28 }, (_, index) => `h${index}`);
  const fixture = runFixture(names);
  const reports = names.map((name) => fixture.planned(name, { changes: [change(name)], keptBack: [] }));
  const letters = groupPlans(fixture.after(reports)).map((group) => group.letter);
  assert.deepEqual(letters.slice(25), ['Z', 'AA', 'AB']);
});

test('what is kept back does not tell groups apart, and is told with the hosts it is kept back on', () => {
  const fixture = runFixture(['web1', 'web2']);
  const kernel = { package: 'linux', from: '1', to: '2', reason: 'excluded' } as const;
  const held = { package: 'php', from: '7', to: '8', reason: 'held' } as const;
  const [group, ...others] = groupPlans(
    fixture.after([
      fixture.planned('web1', { ...upgrade, keptBack: [kernel] }),
      fixture.planned('web2', { ...upgrade, keptBack: [held, kernel] }),
    ]),
  );
  assert.deepEqual(others, []);
  assert.deepEqual(group?.keptBack, [
    { ...kernel, hosts: ['web1', 'web2'] },
    { ...held, hosts: ['web2'] },
  ]);
});

test('what is lost stands in capitals', () => {
  assert.equal(countChanges(removal), '2 upgraded, 1 REMOVED');
  assert.equal(countChanges({ changes: [], keptBack: [] }), 'nothing to do');
});
