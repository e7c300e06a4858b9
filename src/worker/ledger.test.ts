import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BugError } from '../core/errors.ts';
import { jobIdFor, makeRunId, type JobId } from '../core/ids.ts';
import { hostNameSchema } from '../core/names.ts';
import { markTold } from '../executor/job-folder.ts';
import { openLedger } from './ledger.ts';

const DAY_MS = 24 * 3_600_000;
const NOW = Date.UTC(2026, 10, 23);
const clockAt = (now: number): { now: () => number } => ({ now: () => now });
const job = (time: number): JobId => jobIdFor(makeRunId(time, new Uint8Array(10)), hostNameSchema.parse('web1'));
const folder = (): Promise<{ path: string } & AsyncDisposable> => mkdtempDisposable(join(tmpdir(), 'celeroot-ledger-'));
const one = job(NOW);
const order = { id: one, issuedAt: NOW, expiresAt: NOW + DAY_MS };

describe('the ledger', () => {
  test('keeps its birth, and is born anew when it is lost', async () => {
    await using dir = await folder();
    const births: number[] = [];
    for (const now of [NOW, NOW + DAY_MS]) {
      await using ledger = await openLedger(dir.path, clockAt(now));
      births.push(ledger.birth);
    }
    await rm(join(dir.path, 'birth'));
    await using reborn = await openLedger(dir.path, clockAt(NOW + 2 * DAY_MS));

    assert.deepEqual([...births, reborn.birth], [NOW, NOW, NOW + 2 * DAY_MS]);
  });

  test('takes a job from unknown to open to settled, across restarts', async () => {
    await using dir = await folder();
    const standings: string[] = [];
    {
      await using ledger = await openLedger(dir.path, clockAt(NOW));
      standings.push(ledger.standing(one));
      await ledger.enter(one, 'the order');
      standings.push(ledger.standing(one));
    }
    {
      await using ledger = await openLedger(dir.path, clockAt(NOW));
      assert.deepEqual(
        (await ledger.openJobs()).map((folder) => folder.job),
        [one],
      );
      await ledger.settle(order);
      standings.push(ledger.standing(one));
    }
    await using ledger = await openLedger(dir.path, clockAt(NOW));

    assert.deepEqual([...standings, ledger.standing(one)], ['unknown', 'open', 'settled', 'settled']);
    assert.deepEqual(await ledger.openJobs(), []);
  });

  test('does not take a job twice', async () => {
    await using dir = await folder();
    await using ledger = await openLedger(dir.path, clockAt(NOW));
    await ledger.enter(one, 'the order');

    await assert.rejects(ledger.enter(one, 'another order'), BugError);
  });

  test('settles at its opening what was told but not noted before a crash', async () => {
    await using dir = await folder();
    {
      await using ledger = await openLedger(dir.path, clockAt(NOW));
      await markTold(await ledger.enter(one, 'the order'));
    }

    await using ledger = await openLedger(dir.path, clockAt(NOW));

    assert.equal(ledger.standing(one), 'settled');
    assert.deepEqual(await ledger.openJobs(), []);
  });

  test('drops the folder of a settled job a day after its order expired, and no other, and still knows its id', async () => {
    await using dir = await folder();
    const [two, three] = [job(NOW + 1), job(NOW + 2)];
    let now = NOW;
    await using ledger = await openLedger(dir.path, { now: () => now });
    for (const id of [one, two, three]) await ledger.enter(id, 'the order');
    await ledger.settle(order);
    await ledger.settle({ ...order, id: two, expiresAt: NOW + 2 * DAY_MS });

    now = order.expiresAt + DAY_MS + 1;
    await ledger.prune();

    const folders = [one, two, three].map((id) => existsSync(join(dir.path, 'jobs', id)));
    assert.deepEqual(folders, [false, true, true]);
    assert.deepEqual([one, two, three].map(ledger.standing), ['settled', 'settled', 'open']);
  });

  test('believes no time of an order that lies in its own future', async () => {
    await using dir = await folder();
    await using ledger = await openLedger(dir.path, clockAt(NOW));

    await ledger.settle({ id: one, issuedAt: Number.MAX_SAFE_INTEGER, expiresAt: Number.MAX_SAFE_INTEGER });

    assert.equal(ledger.newestIssue(), NOW);
  });
});
