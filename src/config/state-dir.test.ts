import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateDirIn } from './state-dir.ts';

test('the state folder is absolute, whatever CELEROOT_STATE_DIR says', () => {
  assert.equal(stateDirIn({}, '/home/ada'), '/var/lib/celeroot');
  assert.equal(stateDirIn({ CELEROOT_STATE_DIR: '' }, '/home/ada'), '/var/lib/celeroot');
  assert.equal(stateDirIn({ CELEROOT_STATE_DIR: '/srv/jobs' }, '/home/ada'), '/srv/jobs');
  assert.equal(stateDirIn({ CELEROOT_STATE_DIR: 'jobs' }, '/home/ada'), '/home/ada/jobs');
});
