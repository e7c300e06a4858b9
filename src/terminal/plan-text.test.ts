import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryOutput } from '../../test/support/cli.ts';
import { runFixture } from '../../test/support/run-fixture.ts';
import { groupPlans } from '../core/plan-groups.ts';
import type { KeptBack, PackageChange } from '../core/transaction.ts';
import { writePlans } from './plan-text.ts';

function change(name: string): PackageChange {
  return { package: name, arch: 'amd64', action: 'upgrade', from: '1', to: '2', origin: null, security: false };
}

function kept(name: string, reason: KeptBack['reason']): KeptBack {
  return { package: name, from: '1', to: '2', reason };
}

test('a plan says what is kept back, why, and on which hosts when not on all', () => {
  const fixture = runFixture(['web1', 'web2'], { dryRun: true });
  const state = fixture.after([
    fixture.planned('web1', { changes: [change('curl')], keptBack: [kept('linux', 'excluded')] }),
    fixture.planned('web2', { changes: [change('curl')], keptBack: [kept('linux', 'excluded'), kept('php', 'held')] }),
  ]);
  const output = memoryOutput();

  writePlans(output, groupPlans(state), 8);

  assert.deepEqual(output.text().split('\n'), [
    'Plan for 2 hosts, one transaction',
    '  A  web1, web2   1 upgraded',
    '       curl 1 → 2',
    '       kept back  linux 1 → 2: excluded by a role or the order',
    '       kept back  php 1 → 2: held on the host (web2)',
    '',
  ]);
});

test('of many changes and of much that is kept back the first are shown', () => {
  const fixture = runFixture(['web1'], { dryRun: true });
  const changes = ['a', 'b', 'c'].map(change);
  const keptBack = ['d', 'e'].map((name) => kept(name, 'phased'));
  const output = memoryOutput();

  writePlans(output, groupPlans(fixture.after([fixture.planned('web1', { changes, keptBack })])), 1);

  assert.deepEqual(output.text().split('\n').slice(2), [
    '       a 1 → 2',
    '       … and 2 more',
    '       kept back  d 1 → 2: a phased update that has not reached the host yet',
    '       … and 1 more kept back',
    '',
  ]);
});
