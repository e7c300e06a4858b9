import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREATED_AT, outcome, runFixture } from '../../test/support/run-fixture.ts';
import type { Report } from '../core/report.ts';
import type { JobTurn } from '../core/run-snapshot.ts';
import { describeJob } from './job-text.ts';

const fixture = runFixture(['web1']);
const changed = fixture.report('web1', {
  kind: 'done',
  outcome: { ...outcome('changed'), summary: 'nginx 1.22' },
});
const undrainFailed: JobTurn = { kind: 'failed', why: 'hook.run: undrain ended with 1\nand more' };

function described(reports: readonly Report[], turn: JobTurn): string {
  const state = fixture.after(reports);
  const [job = assert.fail()] = state.jobs.values();
  const turns = new Map([[job.id, turn]]);
  const text = describeJob(job, { state, presences: new Map(), forged: 0, turns, now: CREATED_AT + 2000 });
  return `${text.symbol} ${text.status}  ${text.detail}`;
}

test('a job whose turn has not come, has begun without it, or has failed before it says which', () => {
  assert.equal(described([], { kind: 'held', begun: false }), '· held  its turn has not come');
  assert.equal(described([], { kind: 'held', begun: true }), '· held  its host is at what comes before it');
  assert.equal(
    described([], { kind: 'failed', why: 'hook.run: drain ended with 1' }),
    '✗ skipped  left out: hook.run: drain ended with 1',
  );
});

test('a job that did well does not hide that its turn has failed', () => {
  assert.equal(described([changed], undrainFailed), '✗ changed  nginx 1.22, but hook.run: undrain ended with 1');
});

test('a job that failed says so once', () => {
  const failed = fixture.failed('web1', null, 'no network');
  assert.match(described([failed], { kind: 'failed', why: 'no network' }), /^✗ failed {2}no network$/);
});
