import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_TRANSACTION } from '../core/transaction.ts';
import { markedManual } from './change-packages.ts';
import { parseDpkgQuery } from './parse-dpkg-query.ts';
import type { Plan } from './plan.ts';
import { makeSnapshot, type Snapshot } from './snapshot.ts';

function snapshotOf(lines: readonly string[], autoMarks: readonly string[]): Snapshot {
  const rows = ['dpkg amd64 ii 1.21', ...lines].map((line) => line.split(' ').join('\t'));
  return makeSnapshot(parseDpkgQuery(rows.join('\n')), new Set(autoMarks));
}

const plan: Plan = {
  operation: null,
  transaction: EMPTY_TRANSACTION,
  marks: [],
  wanted: [
    { name: 'kept', arch: 'amd64', state: 'installed', version: null },
    { name: 'gone', arch: 'amd64', state: 'removed' },
  ],
  essential: [],
};

test('a package that loses its automatic mark counts as wanted, one that is removed does not', () => {
  const before = snapshotOf(['kept amd64 ii 1', 'gone amd64 ii 1'], ['kept:amd64', 'gone:amd64']);
  const after = snapshotOf(['kept amd64 ii 1'], []);

  assert.deepEqual(markedManual({ before, after, plan }), ['kept:amd64']);
});
