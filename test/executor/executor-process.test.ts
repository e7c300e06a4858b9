import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { test } from 'node:test';
import type { Outcome } from '../../src/core/outcome.ts';
import type { ReportEvent } from '../../src/core/report.ts';
import { jobState, markCancelled, readStarted } from '../../src/executor/job-folder.ts';
import { launchExecutor } from '../../src/executor/launch-executor.ts';
import { identifyProcess } from '../../src/host/process-id.ts';
import { slowJob } from '../support/slow-job.ts';

function expectOutcome(end: Outcome | 'interrupted'): Outcome {
  assert.ok(end !== 'interrupted', 'the job was interrupted');
  return end;
}

test('a job is told from its phases to its outcome', async (t) => {
  const job = await slowJob(t);
  await launchExecutor(job.folder, job.self('run'));
  const following = job.follow();
  await following.hasTold((event) => event.kind === 'progress');
  await job.letGo();

  const { end, told } = await following.toEnd();

  assert.equal(jobState(job.folder), 'finished');
  assert.equal(expectOutcome(end).status, 'changed');
  assert.equal(expectOutcome(end).summary, 'working on attempt 1\ndone attempt 1');
  assert.deepEqual(phasesIn(told), ['planning', 'committing', 'verifying']);
  assert.deepEqual(
    told.filter((event) => event.kind === 'progress'),
    [{ kind: 'progress', phase: 'committing', percent: 10, package: 'slow', text: 'Unpacking slow' }],
  );
  assert.equal(outputIn(told), '$ apt-get attempt 1\nworking on attempt 1\ndone attempt 1\n');
});

test('what apt inherits is its own files and a clean environment, not the lock of the job', async (t) => {
  const job = await slowJob(t);
  await launchExecutor(job.folder, job.self('run'));
  const apt = await job.aptBegun();
  const { lock, output, status } = job.folder.files;

  const executor = await openFiles(readStarted(job.folder)?.process.pid ?? 0);
  assert.ok([...executor.values()].includes(lock), 'the executor itself holds the lock');
  const inherited = await openFiles(apt);
  // A shell keeps its script open as 10.
  inherited.delete(10);
  assert.deepEqual(
    inherited,
    new Map([
      [0, '/dev/null'],
      [1, output],
      [2, output],
      [3, status],
    ]),
  );
  const environment = (await readFile(`/proc/${apt}/environ`, 'utf8')).split('\0');
  assert.ok(environment.includes('DEBIAN_FRONTEND=noninteractive'));
  assert.ok(environment.includes(`CELEROOT_JOB=${job.folder.job}`));
});

test('executors started side by side do the job once', async (t) => {
  const job = await slowJob(t);
  await Promise.all([1, 2, 3].map(async () => await launchExecutor(job.folder, job.self('run'))));
  await job.aptBegun();
  await job.letGo();

  const { end } = await job.follow().toEnd();
  await launchExecutor(job.folder, job.self('run'));

  assert.equal(expectOutcome(end).status, 'changed');
  assert.deepEqual((await job.journal()).map(withoutPid), ['begun attempt 1', 'ended attempt 1']);
});

test('apt outlives an executor that is killed, and the next one waits for it and goes on', async (t) => {
  const job = await slowJob(t);
  await launchExecutor(job.folder, job.self('run'));
  const following = job.follow();
  const apt = await job.aptBegun();
  await job.killExecutor();
  assert.equal((await following.toEnd()).end, 'interrupted');
  assert.equal(jobState(job.folder), 'interrupted');

  await launchExecutor(job.folder, job.self('run'));
  const again = job.follow();
  assert.ok(identifyProcess(apt) !== null, 'apt still runs');
  await job.letGo();
  const { end, told } = await again.toEnd();

  const waited = told.find((event) => event.kind === 'waiting');
  assert.match(waited?.holder ?? '', /^the job’s own apt-get \(process \d+\)$/);
  assert.deepEqual(expectOutcome(end).data, { first: 'attempt 1', exitCode: 0, signal: null });
  assert.deepEqual((await job.journal()).map(withoutPid), [
    'begun attempt 1',
    'ended attempt 1',
    'begun attempt 2',
    'ended attempt 2',
  ]);
});

test('an executor killed after apt but before the outcome is followed by one that tells it', async (t) => {
  const job = await slowJob(t);
  await job.letGo();
  await launchExecutor(job.folder, job.self('crash-once'));
  assert.equal((await job.follow().toEnd()).end, 'interrupted');

  await launchExecutor(job.folder, job.self('crash-once'));
  const { end } = await job.follow().toEnd();

  assert.deepEqual(expectOutcome(end).data, { first: 'attempt 1', exitCode: 0, signal: null });
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} to the executor and its group does not disturb a commit`, async (t) => {
    const job = await slowJob(t);
    await launchExecutor(job.folder, job.self('run'));
    await job.aptBegun();
    const pid = readStarted(job.folder)?.process.pid ?? 0;

    process.kill(-pid, signal);
    await job.letGo();
    const { end } = await job.follow().toEnd();

    assert.equal(expectOutcome(end).status, 'changed');
  });
}

test('a cancel in mid-commit changes nothing', async (t) => {
  const job = await slowJob(t);
  await launchExecutor(job.folder, job.self('run'));
  await job.aptBegun();
  await markCancelled(job.folder);
  await job.letGo();

  assert.equal(expectOutcome((await job.follow().toEnd()).end).status, 'changed');
});

test('a cancel before the work begins keeps it from beginning', async (t) => {
  const job = await slowJob(t);
  await markCancelled(job.folder);
  await launchExecutor(job.folder, job.self('run'));

  const outcome = expectOutcome((await job.follow().toEnd()).end);

  assert.equal(outcome.status, 'cancelled');
  assert.equal(outcome.summary, 'cancelled before planning');
  assert.deepEqual(await job.journal(), []);
});

test('a download is broken off by a cancel', async (t) => {
  const job = await slowJob(t);
  await launchExecutor(job.folder, job.self('download'));
  await job.aptBegun();
  await markCancelled(job.folder);

  const outcome = expectOutcome((await job.follow().toEnd()).end);

  assert.equal(outcome.status, 'cancelled');
  assert.equal(outcome.summary, 'cancelled while downloading');
  assert.deepEqual((await job.journal()).map(withoutPid), ['begun attempt 1', 'terminated attempt 1']);
});

test('a signal that comes while downloading is a failure that says so', async (t) => {
  const job = await slowJob(t);
  await launchExecutor(job.folder, job.self('download'));
  await job.aptBegun();
  process.kill(readStarted(job.folder)?.process.pid ?? 0, 'SIGTERM');

  const outcome = expectOutcome((await job.follow().toEnd()).end);

  assert.equal(outcome.failure?.kind, 'job_stopped');
  assert.equal(outcome.failure.message, 'the executor was told to stop while downloading');
});

test('a dry run that would change the host is a bug and changes nothing', async (t) => {
  const job = await slowJob(t);
  await launchExecutor(job.folder, job.self('dry-run'));

  const outcome = expectOutcome((await job.follow().toEnd()).end);

  assert.equal(outcome.failure?.kind, 'bug');
  assert.match(outcome.failure.message, /dry run would have run apt-get/);
  assert.match(await readFile(job.folder.files.log, 'utf8'), /BugError/);
  assert.deepEqual(await job.journal(), []);
});

test('an executor that ends before it begins is an error of the launch', async (t) => {
  const job = await slowJob(t);

  await assert.rejects(launchExecutor(job.folder, job.self('die')), { code: 'EXECUTOR_DIED' });
  assert.equal(jobState(job.folder), 'fresh');
});

test('a second follower goes on where the first got to', async (t) => {
  const job = await slowJob(t);
  await launchExecutor(job.folder, job.self('run'));
  const first = job.follow();
  await first.hasTold((event) => event.kind === 'output' && event.text.includes('working'));
  await first.leave();
  await job.letGo();

  const { told } = await job.follow().toEnd();

  const all = [...first.told, ...told];
  assert.deepEqual(phasesIn(all), ['planning', 'committing', 'verifying']);
  assert.equal(outputIn(all), '$ apt-get attempt 1\nworking on attempt 1\ndone attempt 1\n');
  assert.ok(outputIn(told).startsWith('done'), 'the second follower tells what the first has not');
});

function phasesIn(told: readonly ReportEvent[]): readonly string[] {
  return told.flatMap((event) => (event.kind === 'phase' ? event.phase : []));
}

function outputIn(told: readonly ReportEvent[]): string {
  return told.flatMap((event) => (event.kind === 'output' ? event.text : [])).join('');
}

const withoutPid = (line: string): string => line.replace(/ pid \d+$/, '');

async function openFiles(pid: number): Promise<Map<number, string>> {
  const open = new Map<number, string>();
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    open.set(Number(fd), await readlink(`/proc/${pid}/fd/${fd}`).catch(() => 'closed'));
  }
  return open;
}
