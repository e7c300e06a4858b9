import { jobState, type JobFolder } from '../executor/job-folder.ts';
import { carryOutUntilSettled } from './carry-out.ts';
import type { WorkerContext } from './worker-context.ts';

/**
 * Takes up what the worker before this one left in the ledger: follows what runs, restarts what was interrupted, tells
 * what is finished, begins what was accepted only. Jobs that have begun stand in line for their turn before those that
 * have not. Resolves when all are in hand, before they are done.
 */
export async function resumeJobs(worker: WorkerContext): Promise<void> {
  const folders = (await worker.ledger.openJobs()).toSorted((one, other) => rank(one) - rank(other));
  for (const folder of folders) {
    worker.log(`resumed ${folder.job}: ${jobState(folder)}`);
    void worker.underWay.once(folder.job, () => carryOutUntilSettled(folder, worker));
  }
}

function rank(folder: JobFolder): number {
  return jobState(folder) === 'fresh' ? 1 : 0;
}
