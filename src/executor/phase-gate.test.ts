import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { PHASES, type Phase } from '../core/step.ts';
import { JobStopped, phaseGate, type StopReason } from './phase-gate.ts';

test('without a reason to stop every phase begins', () => {
  const gate = phaseGate(() => null, 1);

  for (const phase of PHASES) gate.enter(phase);
});

for (const phase of ['recovering', 'planning', 'refreshing', 'downloading', 'committing'] satisfies Phase[]) {
  test(`a reason to stop keeps ${phase} from beginning`, () => {
    const gate = phaseGate(() => 'cancelled', 1);

    assert.throws(() => gate.enter(phase), {
      name: 'JobStopped',
      code: 'JOB_STOPPED',
      reason: 'cancelled',
      message: `cancelled before ${phase}`,
    });
  });
}

test('once the commit has begun nothing stops a job', () => {
  let reason: StopReason | null = null;
  const gate = phaseGate(() => reason, 1);
  gate.enter('committing');
  reason = 'deadline';

  gate.enter('verifying');
  gate.enter('recovering');
  gate.enter('committing');
});

test('the recovery of what an attempt before left behind is not stopped, but what follows it is', () => {
  const gate = phaseGate(() => 'signal', 2);

  gate.enter('recovering');
  assert.throws(() => gate.enter('planning'), { reason: 'signal' });
});

test('a phase that may be broken off learns of the reason while it lasts', async () => {
  let reason: StopReason | null = null;
  const gate = phaseGate(() => reason, 1);
  gate.enter('downloading');
  using stop = gate.whenToStop();
  assert.equal(stop.signal.aborted, false);
  reason = 'cancelled';

  await once(stop.signal, 'abort');

  assert.ok(stop.signal.reason instanceof JobStopped);
  assert.equal(stop.signal.reason.message, 'cancelled while downloading');
});
