import assert from 'node:assert/strict';
import { appendFile, mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { jobIdFor, makeRunId, type JobId } from '../core/ids.ts';
import { hostNameSchema } from '../core/names.ts';
import { openSeenOrders } from './seen-orders.ts';

const DAY_MS = 24 * 3_600_000;
const NOW = Date.UTC(2026, 10, 23);
const job = (time: number): JobId => jobIdFor(makeRunId(time, new Uint8Array(10)), hostNameSchema.parse('web1'));
const folder = (): Promise<{ path: string } & AsyncDisposable> => mkdtempDisposable(join(tmpdir(), 'celeroot-seen-'));

describe('the seen orders', () => {
  test('are known again after a restart', async () => {
    await using dir = await folder();
    const order = { id: job(NOW), issuedAt: NOW, expiresAt: NOW + DAY_MS };
    {
      await using seen = await openSeenOrders(dir.path, NOW);
      await seen.add(order);
      await seen.add(order);
    }

    await using seen = await openSeenOrders(dir.path, NOW);

    assert.deepEqual(seen.find(order.id), order);
    assert.equal(seen.find(job(NOW + 1)), null);
    assert.equal((await readFile(join(dir.path, 'seen'), 'utf8')).split('\n').length, 2);
  });

  test('are forgotten seven days after their expiry, but for the newest', async () => {
    await using dir = await folder();
    const old = { id: job(1), issuedAt: NOW - 30 * DAY_MS, expiresAt: NOW - 8 * DAY_MS };
    const late = { id: job(2), issuedAt: NOW - 20 * DAY_MS, expiresAt: NOW - 7 * DAY_MS + 1 };
    const newest = { id: job(3), issuedAt: NOW - 10 * DAY_MS, expiresAt: NOW - 9 * DAY_MS };
    {
      await using seen = await openSeenOrders(dir.path, NOW);
      for (const order of [old, late, newest]) await seen.add(order);
    }

    await using seen = await openSeenOrders(dir.path, NOW);

    assert.deepEqual(
      [old, late, newest].map(({ id }) => seen.find(id) !== null),
      [false, true, true],
    );
    assert.equal(seen.newestIssue(), newest.issuedAt);
  });

  test('are forgotten too by a worker that never starts again', async () => {
    await using dir = await folder();
    const order = { id: job(NOW), issuedAt: NOW, expiresAt: NOW + DAY_MS };
    await using seen = await openSeenOrders(dir.path, NOW);
    await seen.add(order);

    seen.forgetOld(NOW + 8 * DAY_MS - 1);
    assert.deepEqual(seen.find(order.id), order);
    seen.forgetOld(NOW + 8 * DAY_MS);

    assert.equal(seen.find(order.id), null);
    assert.equal(seen.newestIssue(), NOW);
  });

  test('survive a line that a crash cut off, and are not joined to it', async () => {
    await using dir = await folder();
    const order = { id: job(NOW), issuedAt: NOW, expiresAt: NOW + DAY_MS };
    {
      await using seen = await openSeenOrders(dir.path, NOW);
      await seen.add(order);
    }
    await appendFile(join(dir.path, 'seen'), `${NOW} ${NOW + DAY_MS} ${job(NOW + 1).slice(0, 9)}`);
    const next = { ...order, id: job(NOW + 2) };
    {
      await using seen = await openSeenOrders(dir.path, NOW);
      await seen.add(next);
    }

    await using seen = await openSeenOrders(dir.path, NOW);

    assert.ok(seen.find(order.id) !== null && seen.find(next.id) !== null);
  });
});
