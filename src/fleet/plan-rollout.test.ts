import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetConfig } from '../../test/support/fleet-config.ts';
import { DEFAULT_RULES, type RolloutChoice } from '../rollout/rules.ts';
import { planRollout } from './plan-rollout.ts';
import { prepareRun, type PreparedRun, type RunTarget } from './prepare-run.ts';

const HOUR = 3_600_000;
const plain = fleetConfig({ roles: { web: {} }, hosts: { web1: ['web'], web2: ['web'], web3: ['web'] } });
const careful = { ...DEFAULT_RULES, canary: { kind: 'count', value: 1 } } as const;
const fleet = { ...plain, rollouts: new Map([['careful', careful]]) };

const EACH: RunTarget = { kind: 'hosts', target: { roles: ['web'], hosts: [], all: false, exclude: [] } };

function planned(choice: RolloutChoice | null, to = EACH): PreparedRun {
  const request = { task: 'system.ping', args: {}, to, dryRun: false, expiresInMs: HOUR, deadlineMs: HOUR };
  return planRollout(fleet, prepareRun(fleet, request), { choice, seed: '' });
}

test('a run without a roll-out stays as it was', () => {
  assert.equal(planned(null).rollout, null);
});

test('a named roll-out counts, with what the command line changes of it', () => {
  const choice = { name: 'careful', changes: { canary: ['web3'], soakMs: 1000 } };
  const { assignments, rollout } = planned(choice);

  assert.deepEqual(
    assignments.flatMap(({ candidates }) => candidates),
    ['web3', 'web1', 'web2'],
  );
  assert.partialDeepStrictEqual(rollout, { batches: [{ name: 'canary', size: 1 }, { size: 2 }], soakMs: 1000 });
});

test('a roll-out that is not there is an error that says what may be meant', () => {
  assert.throws(() => planned({ name: 'carefull', changes: {} }), { code: 'UNKNOWN_ROLLOUT', hint: /careful/ });
});

test('a run for any one host has no batches', () => {
  assert.throws(() => planned({ name: 'careful', changes: {} }, { kind: 'any', role: 'web' }), { code: 'USAGE' });
});

test('a roll-out that soaks for longer than its orders hold is an error', () => {
  const choice = { name: null, changes: { batches: [{ kind: 'count', value: 1 } as const], soakMs: HOUR } };
  assert.throws(() => planned(choice), {
    code: 'USAGE',
    message: '3 batches with 1 h after each take 2 h, and orders expire after 1 h',
  });
});
