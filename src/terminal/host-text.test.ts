import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostFacts } from '../core/presence.ts';
import { upgradesCell } from './host-text.ts';

const FACTS: HostFacts = {
  os: 'Debian GNU/Linux 12 (bookworm)',
  osId: 'debian',
  osVersion: '12',
  arch: 'amd64',
  kernel: '6.1',
  packages: 300,
  upgrades: { total: 12, security: 0 },
  rebootRequired: false,
  broken: 0,
  gatheredAt: 0,
  outdated: false,
};

test('upgrades are counted, and said to be those from before a job when one ran since', () => {
  assert.equal(upgradesCell(FACTS), '12');
  assert.equal(upgradesCell({ ...FACTS, outdated: true }), '12 (before the last job)');
});
