import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetConfig } from '../../test/support/fleet-config.ts';
import { CREATED_AT, outcome, runFixture, type RunFixture } from '../../test/support/run-fixture.ts';
import type { Report } from '../core/report.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { transactionHash, type Transaction } from '../core/transaction.ts';
import { prepareApply, prepareRetry } from './repeat-run.ts';

const fleet = fleetConfig({
  roles: { web: { exclude: ['php*'] } },
  hosts: { web1: ['web'], web2: ['web'], web3: ['web'], web4: ['web'] },
});
const HOUR = 3_600_000;

function snapshot(fixture: RunFixture, reports: readonly Report[], later = 0): RunSnapshot {
  return { state: fixture.after(reports), presences: new Map(), forged: 0, now: CREATED_AT + later };
}

const again = { expiresInMs: HOUR, celeroot: 'celeroot --config x' };
const apply = { ...again, dryRun: false };

function hostsOf(prepared: ReturnType<typeof prepareRetry>): readonly unknown[] {
  return prepared.assignments.map(({ to }) => (to.kind === 'host' ? to.host : to.queue));
}

test('a retry reaches the hosts that failed, refused or were cancelled, not those that did it or still may', () => {
  const fixture = runFixture(['web1', 'web2', 'web3', 'web4']);
  const prepared = prepareRetry(
    fleet,
    snapshot(fixture, [
      fixture.failed('web1', null, 'no network'),
      fixture.report('web2', { kind: 'done', outcome: outcome('changed') }),
      fixture.report('web3', { kind: 'refused', code: 'CLOCK_SKEW', message: 'check both clocks' }),
    ]),
    again,
  );
  assert.deepEqual(hostsOf(prepared), ['web1', 'web3']);
  assert.deepEqual(prepared.follows, { run: fixture.run.id, as: 'retry' });
  assert.equal(prepared.expiresInMs, HOUR);
});

test('a retry of approved plans asks for the same plans, and nothing else', () => {
  const fixture = runFixture(['web1']);
  const plan = 'a'.repeat(64);
  const approved = { ...fixture.run, jobs: fixture.run.jobs.map((job) => ({ ...job, plan })) };
  const failed = snapshot(fixture, [fixture.failed('web1', null, 'no network')]);
  const { assignments } = prepareRetry(fleet, { ...failed, state: { ...failed.state, run: approved } }, again);
  assert.deepEqual(
    assignments.map(({ expectedPlan }) => expectedPlan),
    [plan],
  );
});

test('a host that fell silent is retried once its order has expired', () => {
  const fixture = runFixture(['web1']);
  assert.throws(() => prepareRetry(fleet, snapshot(fixture, []), again), {
    code: 'NOTHING_TO_REPEAT',
    hint: `see  celeroot --config x runs show ${fixture.run.id}`,
  });
  assert.deepEqual(hostsOf(prepareRetry(fleet, snapshot(fixture, [], 2 * HOUR), again)), ['web1']);
});

test('a retry of a host that has left the fleet is refused by name', () => {
  const fixture = runFixture(['gone1']);
  const after = snapshot(fixture, [fixture.failed('gone1', null, 'x')]);
  assert.throws(() => prepareRetry(fleet, after, again), { code: 'UNKNOWN_HOST' });
});

const upgrade: Transaction = {
  changes: [{ package: 'curl', arch: 'amd64', action: 'upgrade', from: '1', to: '2', origin: null, security: false }],
  keptBack: [],
};

test('apply asks each host that planned a change for exactly that change, and is no dry run', () => {
  const fixture = runFixture(['web1', 'web2', 'web3'], { dryRun: true });
  const prepared = prepareApply(
    fleet,
    snapshot(fixture, [
      fixture.planned('web1', upgrade),
      fixture.planned('web2', { changes: [], keptBack: [] }),
      fixture.objected('web3', upgrade, 'would remove php'),
    ]),
    apply,
  );
  assert.equal(prepared.dryRun, false);
  assert.deepEqual(prepared.follows, { run: fixture.run.id, as: 'apply' });
  assert.deepEqual(
    prepared.assignments.map(({ to, expectedPlan }) => [to, expectedPlan]),
    [[{ kind: 'host', host: 'web1' }, transactionHash(upgrade)]],
  );
});

test('apply as a dry run asks for the same plans', () => {
  const fixture = runFixture(['web1'], { dryRun: true });
  const dryRun = prepareApply(fleet, snapshot(fixture, [fixture.planned('web1', upgrade)]), { ...apply, dryRun: true });
  assert.equal(dryRun.dryRun, true);
  assert.equal(dryRun.assignments[0]?.expectedPlan, transactionHash(upgrade));
});

test('there is nothing to apply from a run that was no dry run or planned nothing', () => {
  const real = runFixture(['web1']);
  const dry = runFixture(['web1'], { dryRun: true });
  const none = snapshot(dry, [dry.planned('web1', { changes: [], keptBack: [] })]);
  assert.throws(() => prepareApply(fleet, snapshot(real, []), apply), {
    code: 'NOTHING_TO_REPEAT',
    message: /was no dry run/,
  });
  assert.throws(() => prepareApply(fleet, none, apply), { code: 'NOTHING_TO_REPEAT', message: /planned a change/ });
});
