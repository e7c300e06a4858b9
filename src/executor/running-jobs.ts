import type { JobId } from '../core/ids.ts';
import { jobFolder, jobState, listJobs } from './job-folder.ts';

/** The jobs of this host whose executors are at work now. */
export async function runningJobs(stateDir: string): Promise<readonly JobId[]> {
  return (await listJobs(stateDir)).filter((job) => jobState(jobFolder(stateDir, job)) === 'running');
}
