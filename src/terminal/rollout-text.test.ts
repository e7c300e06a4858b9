import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RolloutWorld } from '../../test/support/rollout-world.ts';
import { decide } from '../rollout/decide.ts';
import { rolloutText, undrivenText } from './rollout-text.ts';

const HOUR = 3_600_000;

function worldOfThree(): RolloutWorld {
  const batches = ['canary', '1', '2'].map((name) => ({ name, size: 1, maxFailures: 1 }));
  const world = new RolloutWorld({ batches, maxFailures: 0, maxUnreachable: 3, soakMs: 0 });
  world.drive();
  return world;
}

function text(world: RolloutWorld): string {
  const view = world.view();
  return rolloutText({ view, decision: decide(view) });
}

test('hosts that never had their turn are not said to have had it', () => {
  const world = worldOfThree();
  for (const host of world.underWay()) world.end(host, true);
  assert.equal(text(world), 'in batch canary (1 of 3): goes on');

  world.now = world.run.expiresAt + HOUR;
  assert.equal(text(world), 'ended; no turn had h1, h2');
});

test('nobody is said to take over what waits for a person', () => {
  const world = worldOfThree();
  assert.equal(undrivenText(decide(world.view()), 'RESUME'), 'nobody; a scheduler takes it over, or  RESUME');

  for (const host of world.underWay()) world.end(host, false);
  assert.equal(undrivenText(decide(world.view()), 'RESUME'), 'nobody, until  RESUME');
});
