import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREATED_AT, outcome, runFixture, type RunFixture } from '../../../test/support/run-fixture.ts';
import type { Failure } from '../../core/outcome.ts';
import type { Report } from '../../core/report.ts';
import { adviceFor, badJobs } from './bad-jobs.ts';

const REMOVAL = { kind: 'removal_not_allowed', message: 'would remove php', hint: 'add: --allow-remove php' };
const NETWORK = { kind: 'network', message: 'cannot fetch', hint: 'check the network' };

function failed(fixture: RunFixture, host: string, failure: Failure): Report {
  return fixture.report(host, { kind: 'done', outcome: { ...outcome('failed'), failure } });
}

function advice(fixture: RunFixture, reports: readonly Report[]): string {
  const state = fixture.after(reports);
  const jobs = badJobs({ state, presences: new Map(), forged: 0, now: CREATED_AT });
  return adviceFor(fixture.run, { jobs, celeroot: 'celeroot' });
}

test('a retry is proposed after what may have passed by then', () => {
  const fixture = runFixture(['web1', 'web2']);
  const { id } = fixture.run;
  const said = advice(fixture, [failed(fixture, 'web1', NETWORK), fixture.report('web2', { kind: 'expired' })]);
  assert.equal(said, `see  celeroot runs show ${id},  then  celeroot runs retry ${id}`);
});

for (const kind of ['removal_not_allowed', 'held', 'essential', 'plan_stale', 'no_such_version']) {
  test(`no retry is proposed after ${kind}, but what would help`, () => {
    const fixture = runFixture(['web1', 'web2']);
    const said = advice(fixture, [
      failed(fixture, 'web1', { ...REMOVAL, kind }),
      failed(fixture, 'web2', { ...REMOVAL, kind }),
    ]);
    assert.equal(
      said,
      `see  celeroot runs show ${fixture.run.id}\na retry would fail the same way:\nadd: --allow-remove php`,
    );
  });
}

test('where it helps some hosts only, it is said how many it does not', () => {
  const fixture = runFixture(['web1', 'web2', 'web3']);
  const { id } = fixture.run;
  const said = advice(fixture, [
    failed(fixture, 'web1', REMOVAL),
    failed(fixture, 'web2', NETWORK),
    fixture.report('web3', { kind: 'done', outcome: outcome('changed') }),
  ]);
  assert.equal(
    said,
    `see  celeroot runs show ${id},  then  celeroot runs retry ${id}\n` +
      'a retry would fail the same way on 1 of 2 hosts:\nadd: --allow-remove php',
  );
});
