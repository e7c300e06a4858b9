import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../core/errors.ts';
import { DEFAULT_RULES } from '../rollout/rules.ts';
import { makeSigningKey } from '../trust/key.ts';
import type { FleetConfig } from './fleet-config.ts';
import { parseFleet } from './parse-config.ts';

const HEAD = `version: 1
fleet: test
roots: [${makeSigningKey().id}]
`;
const BROKER = `broker:
  url: redis://127.0.0.1:6379
`;

function read(text: string): FleetConfig {
  return parseFleet({ file: 'celeroot.yaml', text }, {});
}

function problems(text: string): readonly string[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('roll-outs, labels and limits are read', () => {
  const text = `${HEAD}${BROKER}roles:
  web: { max_unavailable: 10% }
hosts:
  web1: { roles: [web], labels: { zone: north } }
rollouts:
  plain:
  careful: { canary: [web1, db*], batches: [1, 25%], by: zone, order: name, max_failures: 1, soak: 5m }
`;
  const { roles, hosts, rollouts } = read(text);

  assert.deepEqual([...roles.values()][0]?.maxUnavailable, { kind: 'percent', value: 10 });
  assert.deepEqual([...hosts.values()][0]?.labels, { zone: 'north' });
  assert.deepEqual(rollouts.get('plain'), DEFAULT_RULES);
  assert.deepEqual(rollouts.get('careful'), {
    ...DEFAULT_RULES,
    canary: ['web1', 'db*'],
    batches: [
      { kind: 'count', value: 1 },
      { kind: 'percent', value: 25 },
    ],
    by: 'zone',
    order: 'name',
    maxFailures: { kind: 'count', value: 1 },
    soakMs: 300_000,
  });
});

test('what is wrong with a roll-out is said with its place', () => {
  const text = `${HEAD}${BROKER}roles:
  web: { max_unavailable: 0 }
rollouts:
  careful:
    batches: [1, ten, 0]
    canary: -1
    order: random
    max_failures: 101%
    soak: 5
    pause: 5m
  BAD: {}
`;
  assert.deepEqual(problems(text), [
    'celeroot.yaml:7:27: roles/web/max_unavailable: expected 1 or more, else nothing could ever be done, got 0',
    'celeroot.yaml:10:18: rollouts/careful/batches/1: expected a whole number or a percentage such as 10%, got "ten"',
    'celeroot.yaml:10:23: rollouts/careful/batches/2: expected 1 or more, a batch of no host never ends, got 0',
    'celeroot.yaml:11:13: rollouts/careful/canary: expected a number, a percentage or a list of hosts, got -1',
    'celeroot.yaml:12:12: rollouts/careful/order: expected listed or name or shuffled, got "random"',
    'celeroot.yaml:13:19: rollouts/careful/max_failures: expected a whole number or a percentage such as 10%, got "101%"',
    'celeroot.yaml:14:11: rollouts/careful/soak: expected a duration such as 5m, got 5',
    'celeroot.yaml:15:5: rollouts/careful/pause: is not known here; known are canary, batches, by, order, max_failures, max_failures_per_batch, max_unreachable, soak, check, before, after',
    'celeroot.yaml:16:3: rollouts/BAD: expected 1 to 63 lower-case letters, digits, hyphens or underscores, starting and ending with a letter or digit',
  ]);
});
