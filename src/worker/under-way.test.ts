import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { createUnderWay } from './under-way.ts';

const job = jobIdFor(makeRunId(1, new Uint8Array(10)), null);

describe('a job in hand', () => {
  test('is joined by whoever brings it again, and can be taken in hand anew when it has ended', async () => {
    const underWay = createUnderWay();
    const { promise, resolve } = Promise.withResolvers<void>();
    let begun = 0;
    const work = async (): Promise<void> => {
      begun += 1;
      await promise;
    };

    const both = Promise.all([underWay.once(job, work), underWay.once(job, work)]);
    resolve();
    await both;
    assert.equal(begun, 1);

    await underWay.once(job, work);
    assert.equal(begun, 2);
  });

  test('that fails fails for all who wait, and settles', async () => {
    const underWay = createUnderWay();
    const { promise, reject } = Promise.withResolvers<void>();
    const waiting = [underWay.once(job, () => promise), underWay.once(job, () => promise)];

    const settled = underWay.settled();
    reject(new RangeError('no'));

    for (const one of waiting) await assert.rejects(one, RangeError);
    await settled;
  });
});
