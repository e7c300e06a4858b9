import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportEvent } from '../../src/core/report.ts';
import { END_KINDS, eventsOf, newOrder, submit } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setProcessScene } from '../support/process-scene.ts';

forbidLeaks();

/** `CELEROOT_CHAOS=10` makes ten times as many. */
const SCALE = Number(process.env['CELEROOT_CHAOS'] ?? 1);
const JOBS = 6 * SCALE;
const BOUND_MS = 120_000 * SCALE;

test('however often a worker is killed, every job is done once and told', async (t) => {
  await using scene = await setProcessScene();
  const { apt, controller, fleet, spawn } = scene;
  await apt.letGo();
  {
    await using first = spawn();
    await first.says(/^ready/);
  }
  const orders = Array.from({ length: JOBS }, () =>
    newOrder({ task: 'apt.install', args: { packages: ['celeroot-test-slow'] } }),
  );
  for (const order of orders) await submit(controller, order, fleet.key);

  const ends = async (): Promise<readonly ReportEvent[]> =>
    (await Promise.all(orders.map(async (order) => await eventsOf(controller, order)))).flatMap(
      (events) => events.find(({ kind }) => END_KINDS.has(kind)) ?? [],
    );
  const bound = performance.now() + BOUND_MS;
  let kills = 0;
  while ((await ends()).length < JOBS) {
    assert.ok(performance.now() < bound, `${(await ends()).length} of ${JOBS} jobs ended within ${BOUND_MS} ms`);
    await using worker = spawn();
    await worker.says(/^ready/);
    await sleep(Math.random() * 1500); // How long a worker lives is the very thing that is left to chance here.
    kills += 1;
  }

  t.diagnostic(`${JOBS} jobs, ${kills} kills`);
  for (const end of await ends())
    assert.ok(end.kind === 'done' && end.outcome.status === 'changed', JSON.stringify(end));
  const begun = (await apt.journal()).filter((line) => line.startsWith('begun attempt 1 '));
  assert.equal(begun.length, JOBS, 'begun once each');
  assert.equal((await apt.journal()).length, 2 * JOBS, 'and ended');
  for (const order of orders) {
    assert.equal((await eventsOf(controller, order)).filter(({ kind }) => kind === 'refused').length, 0);
  }
});
