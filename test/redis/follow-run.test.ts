import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobIdFor } from '../../src/core/ids.ts';
import { followRun, readSnapshot, type FollowUpdate } from '../../src/fleet/follow-run.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { doneEvent, host, newRun, reportOf } from '../support/broker-data.ts';
import { presence } from '../support/exercise-broker.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';
import { saidPresence, saveRun, signed, witnessOf } from '../support/spoken.ts';

forbidLeaks();

const web1 = host('web1');

/** The next update that fits, of a run that is followed. */
async function until(
  updates: AsyncGenerator<FollowUpdate, void, void>,
  fits: (update: FollowUpdate) => boolean,
): Promise<FollowUpdate> {
  for (let tries = 0; tries < 30; tries += 1) {
    const { value } = await updates.next();
    if (value !== undefined && fits(value)) return value;
  }
  return assert.fail('no update fits');
}

const witness = witnessOf(['web1']);

test('a worker that starts again is not given up on at once, one that stays away is', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  let now = Date.now();
  const run = { ...newRun([web1]), createdAt: now, expiresAt: now + 86_400_000 };
  await saveRun(controller, run);
  await using worker = await openWorkerBroker(redis.settings);
  await worker.report(
    run.id,
    signed({ report: { job: jobIdFor(run.id, web1), host: web1, at: now, event: { kind: 'accepted' } } }),
  );
  const leave = new AbortController();
  const options = {
    clock: { now: () => now },
    signal: leave.signal,
    witness,
    candidatesOf: () => [web1],
  };
  const updates = followRun(controller, run, options);

  assert.equal((await until(updates, () => true)).progress, 'going-on');
  now += 130_000;
  assert.equal((await until(updates, ({ progress }) => progress !== 'going-on')).progress, 'only-offline');

  now += 10_000;
  await worker.announce(web1, saidPresence(web1, { ...presence, seenAt: now, clockOffsetMs: 140_000 }));
  assert.equal((await until(updates, ({ progress }) => progress !== 'only-offline')).progress, 'going-on');

  await worker.report(run.id, signed(reportOf(jobIdFor(run.id, web1), web1, doneEvent)));
  const last = await until(updates, ({ progress }) => progress === 'ended');
  assert.deepEqual(
    last.fresh.map(({ event }) => event.kind),
    ['done'],
  );
  assert.equal((await updates.next()).done, true);
});

test('a look at a run that is under way tells a worker that is away from one that is so for a moment', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const run = newRun([web1]);
  const job = jobIdFor(run.id, web1);
  await saveRun(controller, run);
  await worker.report(run.id, signed(reportOf(job, web1, { kind: 'accepted' })));
  const look = async (): Promise<boolean | undefined> =>
    (await readSnapshot(controller, run, { clock: Date, witness, candidatesOf: () => [web1] })).presences.get(job)
      ?.online;

  const sayAt = async (seenAt: number): Promise<void> =>
    await worker.announce(web1, saidPresence(web1, { ...presence, seenAt, clockOffsetMs: 0 }));
  await sayAt(Date.now() - 85_000);
  assert.equal(await look(), undefined);
  await sayAt(Date.now() - 205_000);
  assert.equal(await look(), false);
});

test('an aborted signal ends the following without waiting for a report', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRun([web1]);
  await saveRun(controller, run);
  const leave = new AbortController();
  const updates = followRun(controller, run, {
    clock: Date,
    signal: leave.signal,
    witness,
    candidatesOf: () => [web1],
  });
  await updates.next();
  const waiting = updates.next();
  leave.abort();
  assert.equal((await waiting).done, true);
});
