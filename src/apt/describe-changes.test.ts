import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangeAction, PackageChange } from '../core/transaction.ts';
import { countActions, describeChanges } from './describe-changes.ts';

const change = (name: string, action: ChangeAction, to: string | null = '2'): PackageChange => ({
  package: name,
  arch: 'amd64',
  action,
  from: '1',
  to,
  origin: null,
  security: false,
});

test('few changes are named one by one, those asked for first', () => {
  const changes = [change('lib', 'install'), change('old', 'remove', null), change('web', 'upgrade')];
  assert.equal(describeChanges(changes, ['web']), 'web 2, lib 2, old removed');
  assert.equal(describeChanges([change('web', 'downgrade', '0.9')], []), 'web downgraded to 0.9');
  assert.equal(describeChanges([change('web', 'configure')], []), 'web configured');
});

test('many changes are counted by kind', () => {
  const changes = ['a', 'b', 'c'].map((name) => change(name, 'upgrade'));
  assert.equal(describeChanges([...changes, change('d', 'remove', null)], []), '3 upgraded, 1 removed');
  assert.equal(countActions([]), '');
});
