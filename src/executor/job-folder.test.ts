import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { BugError } from '../core/errors.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { hostNameSchema } from '../core/names.ts';
import type { Outcome } from '../core/outcome.ts';
import { identifyProcess } from '../host/process-id.ts';
import {
  beginAttempt,
  createJobFolder,
  forgetJob,
  isCancelled,
  isTold,
  jobFolder,
  jobState,
  listJobs,
  markCancelled,
  markTold,
  readOrder,
  readOutcome,
  readStarted,
  writeOutcome,
  type JobFolder,
} from './job-folder.ts';

const DONE: Outcome = {
  status: 'unchanged',
  summary: 'nothing to do',
  transaction: null,
  data: {},
  health: null,
  failure: null,
};
const GONE = { bootId: 'another boot', pid: 1, startTime: '1' };

test('a job is entered into the ledger once, with the order as it came', async (t) => {
  const folder = await setUp(t);

  assert.equal(await createJobFolder(folder, '{"first":1}'), true);
  assert.equal(await createJobFolder(folder, '{"second":2}'), false);

  assert.equal(await readOrder(folder), '{"first":1}');
  assert.equal((await stat(folder.path)).mode & 0o777, 0o700);
});

test('of many entries of one job at a time exactly one wins', async (t) => {
  const folder = await setUp(t);

  const created = await Promise.all([1, 2, 3, 4].map(async (n) => await createJobFolder(folder, `${n}`)));

  assert.equal(created.filter(Boolean).length, 1);
  assert.deepEqual(await readdir(join(folder.stateDir, 'jobs')), [folder.job]);
});

test('the ledger lists its jobs oldest first and nothing half-made', async (t) => {
  const folder = await setUp(t);
  assert.deepEqual(await listJobs(folder.stateDir), []);
  const older = jobFolder(folder.stateDir, jobIdFor(makeRunId(5, new Uint8Array(10)), null));
  await createJobFolder(folder, '{}');
  await createJobFolder(older, '{}');
  await writeFile(join(folder.stateDir, 'jobs', `.${folder.job}.1.draft`), '');

  assert.deepEqual(await listJobs(folder.stateDir), [older.job, folder.job]);
  await forgetJob(older);
  assert.deepEqual(await listJobs(folder.stateDir), [folder.job]);
});

test('a job goes from fresh over running and interrupted to finished', async (t) => {
  const folder = await setUp(t);
  const self = identifyProcess(process.pid);
  assert.ok(self !== null);
  await createJobFolder(folder, '{}');
  assert.equal(jobState(folder), 'fresh');

  assert.deepEqual(await beginAttempt(folder, GONE, 1000), { process: GONE, attempt: 1, firstAt: 1000 });
  assert.equal(jobState(folder), 'interrupted');

  assert.deepEqual(await beginAttempt(folder, self, 2000), { process: self, attempt: 2, firstAt: 1000 });
  assert.equal(jobState(folder), 'running');
  assert.equal(await readOutcome(folder), null);

  await writeOutcome(folder, DONE);
  assert.equal(jobState(folder), 'finished');
  assert.deepEqual(await readOutcome(folder), DONE);
});

test('a damaged start counts as an attempt that is gone', async (t) => {
  const folder = await setUp(t);
  await createJobFolder(folder, '{}');
  await writeFile(folder.files.started, '{"pro');

  assert.equal(jobState(folder), 'interrupted');
  assert.equal(readStarted(folder)?.attempt, 1);
});

test('an outcome that cannot be read is a failure and does not run the job again', async (t) => {
  const folder = await setUp(t);
  await createJobFolder(folder, '{}');
  await writeFile(folder.files.outcome, '{"status":"great"}');

  const outcome = await readOutcome(folder);

  assert.equal(jobState(folder), 'finished');
  assert.equal(outcome?.status, 'failed');
  assert.equal(outcome.failure?.kind, 'bug');
});

test('being told and being cancelled are remembered', async (t) => {
  const folder = await setUp(t);
  await createJobFolder(folder, '{}');
  assert.deepEqual([isTold(folder), isCancelled(folder)], [false, false]);

  await markTold(folder);
  await markCancelled(folder);

  assert.deepEqual([isTold(folder), isCancelled(folder)], [true, true]);
});

test('reading the order of a job that is not in the ledger is a bug', async (t) => {
  await assert.rejects(readOrder(await setUp(t)), BugError);
});

async function setUp(t: TestContext): Promise<JobFolder> {
  const stateDir = await mkdtemp(join(tmpdir(), 'celeroot-ledger-'));
  t.after(async () => await rm(stateDir, { recursive: true }));
  const run = makeRunId(Date.parse('2026-01-01'), new Uint8Array(10));
  return jobFolder(stateDir, jobIdFor(run, hostNameSchema.parse('web1')));
}
