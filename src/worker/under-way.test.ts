import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jobIdFor, makeRunId, type JobId } from '../core/ids.ts';
import { createUnderWay } from './under-way.ts';

const [job, other, third] = [1, 2, 3].map((at) => jobIdFor(makeRunId(at, new Uint8Array(10)), null)) as [
  JobId,
  JobId,
  JobId,
];

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

  test('that wants to be alone waits for the others, also for later ones, but not for those that want the same', async () => {
    const underWay = createUnderWay();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const happened: string[] = [];
    const busy = underWay.once(other, () => first.promise);
    const waiting = [job, third].map((each) =>
      underWay.once(each, async () => {
        await underWay.alone(each);
        happened.push('alone');
      }),
    );
    const later = jobIdFor(makeRunId(4, new Uint8Array(10)), null);
    const late = underWay.once(later, () => second.promise);

    happened.push('first');
    first.resolve();
    await busy;
    happened.push('second');
    second.resolve();
    await late;
    await Promise.all(waiting);

    assert.deepEqual(happened, ['first', 'second', 'alone', 'alone']);
  });
});
