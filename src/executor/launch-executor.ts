import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../core/errors.ts';
import type { Argv } from '../core/step.ts';
import { isRunning, startDetached, type Detached } from '../host/start-detached.ts';
import { readStarted, type JobFolder } from './job-folder.ts';

/**
 * Earned by trials on systemd 252. Only the executor is told to stop, and waits for apt; when the executor itself is
 * killed, apt is left to finish (`mixed` would kill it then). A program of the job that the kernel kills for memory
 * does not take the others along.
 */
const UNIT_PROPERTIES: readonly string[] = [
  'KillMode=process',
  'KillSignal=SIGINT',
  'TimeoutStopSec=1800',
  'OOMPolicy=continue',
  'OOMScoreAdjust=-500',
];

const FIRST_POLL_MS = 10;
const LAST_POLL_MS = 500;
const MAX_STARTS = 3;

/**
 * Starts an executor for a job and returns once one has begun. flock(1) lets one at a time into the folder; a second
 * one waits, and ends without a word when it finds the job finished. `self` is how celeroot starts itself.
 * @throws CommandError when executors end before they begin; then nothing was done.
 */
export async function launchExecutor(folder: JobFolder, self: Argv): Promise<void> {
  const attempts = readStarted(folder)?.attempt ?? 0;
  const hasBegun = (): boolean => (readStarted(folder)?.attempt ?? 0) > attempts || existsSync(folder.files.outcome);
  for (let start = 1; start <= MAX_STARTS; start += 1) {
    if (await begins(await startExecutor(folder, self), hasBegun)) return;
  }
  throw notBegun(folder);
}

async function startExecutor({ files, job, stateDir }: JobFolder, self: Argv): Promise<Detached> {
  return await startDetached({
    name: `celeroot-job-${job}`,
    argv: ['flock', '--no-fork', files.lock, ...self, 'executor', stateDir, job],
    logFile: files.log,
    properties: UNIT_PROPERTIES,
  });
}

/** Waits until the job has begun, or the executor is gone without having. */
async function begins(executor: Detached, hasBegun: () => boolean): Promise<boolean> {
  for (let waitMs = FIRST_POLL_MS; !hasBegun(); waitMs = Math.min(waitMs * 1.2, LAST_POLL_MS)) {
    if (!(await isRunning(executor))) return hasBegun();
    await sleep(waitMs);
  }
  return true;
}

function notBegun({ job, files }: JobFolder): CommandError {
  return new CommandError('EXECUTOR_DIED', `the executor of job ${job} ends before it begins`, {
    hint: `see ${files.log} on the host`,
  });
}
