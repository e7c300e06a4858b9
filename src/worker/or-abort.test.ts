import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextRound } from 'node:timers/promises';
import { orAbort } from './or-abort.ts';

describe('waiting for work that may be called off', () => {
  test('settles as the work does', async () => {
    const { signal } = new AbortController();

    assert.equal(await orAbort(Promise.resolve(7), signal), 7);
    await assert.rejects(orAbort(Promise.reject(new RangeError('no')), signal), RangeError);
  });

  test('ends with the reason when it is called off', async () => {
    const off = new AbortController();
    const waiting = orAbort(new Promise(() => undefined), off.signal);

    off.abort(new RangeError('enough'));

    await assert.rejects(waiting, RangeError);
  });

  test('ends with the reason when it was called off before, and work that fails later fails unheard', async () => {
    const work = Promise.withResolvers<void>();
    const waiting = orAbort(work.promise, AbortSignal.abort(new RangeError('enough')));

    await assert.rejects(waiting, RangeError);
    work.reject(new TypeError('too late'));
    await nextRound();
  });
});
