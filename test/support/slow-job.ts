import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Outcome } from '../../src/core/outcome.ts';
import type { ReportEvent } from '../../src/core/report.ts';
import type { Argv } from '../../src/core/step.ts';
import { followJob } from '../../src/executor/follow-job.ts';
import { createJobFolder, jobFolder, readStarted, type JobFolder } from '../../src/executor/job-folder.ts';
import { jobIdFor } from '../../src/core/ids.ts';
import { identifyProcess } from '../../src/host/process-id.ts';
import { host, newRunId } from './broker-data.ts';
import { waitUntil } from './redis.ts';
import { slowApt } from './slow-apt.ts';

/** A job whose `apt-get` is a script that writes down that it began, and ends when it is let go. */
export type SlowJob = {
  readonly folder: JobFolder;
  /** How to start an executor whose work goes as `what` says; see slow-executor.ts. */
  readonly self: (what: string) => Argv;
  /** Lets every `apt-get` of the job end. */
  readonly letGo: () => Promise<void>;
  /** What the scripts wrote down: `begun attempt 1 pid 812`, `ended attempt 1`. */
  readonly journal: () => Promise<readonly string[]>;
  /** The process id of the `apt-get` that began last, once there is one. */
  readonly aptBegun: () => Promise<number>;
  readonly follow: () => Following;
  /** `kill -9` of the executor alone. */
  readonly killExecutor: () => Promise<void>;
};

/** One follower of a job and what it has told. */
export type Following = {
  readonly told: readonly ReportEvent[];
  readonly hasTold: (wanted: (event: ReportEvent) => boolean) => Promise<void>;
  readonly toEnd: () => Promise<{ readonly end: Outcome | 'interrupted'; readonly told: readonly ReportEvent[] }>;
  /** Ends the follower before the job. */
  readonly leave: () => Promise<void>;
};

export async function slowJob(t: TestContext): Promise<SlowJob> {
  const apt = await slowApt();
  const folder = jobFolder(join(apt.place, 'state'), jobIdFor(newRunId(), host('web1')));
  await createJobFolder(folder, '{}');
  t.after(async () => {
    await apt.letGo();
    await waitUntil(() => !executorRuns(folder), 'the executor to end');
    await apt[Symbol.asyncDispose]();
  });
  return {
    folder,
    self: apt.self,
    letGo: apt.letGo,
    journal: apt.journal,
    aptBegun: apt.begun,
    follow: () => follow(folder),
    killExecutor: async () => {
      const executor = readStarted(folder)?.process;
      if (executor !== undefined) process.kill(executor.pid, 'SIGKILL');
      await waitUntil(() => !executorRuns(folder), 'the executor to be gone');
    },
  };
}

function follow(folder: JobFolder): Following {
  const told: ReportEvent[] = [];
  const leaving = new AbortController();
  const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(30_000)]);
  const end = followJob(folder, async (event) => void told.push(event), signal);
  return {
    told,
    hasTold: async (wanted) => await waitUntil(() => told.some(wanted), 'an event to be told'),
    toEnd: async () => ({ end: await end, told }),
    leave: async () => {
      leaving.abort();
      await assert.rejects(end, { name: 'AbortError' });
    },
  };
}

function executorRuns(folder: JobFolder): boolean {
  const pid = readStarted(folder)?.process.pid;
  return pid !== undefined && identifyProcess(pid) !== null;
}
