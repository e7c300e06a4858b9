import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportSink } from '../core/report.ts';
import type { JobFolder } from './job-folder.ts';
import { hookOf, isMaintainerScript, processesOf, PROGRAMS } from './job-processes.ts';

const POLL_MS = 200;
const SCRIPT_LIMIT_MS = 600_000;

/**
 * Waits until what an earlier executor of this job started has ended: apt and dpkg however long they take, since they
 * do the job's own work and their result is part of the job's; a hook, which has a time limit; a maintainer script whose
 * dpkg was killed for ten minutes. Daemons that scripts started carry the mark of the job too and are not waited for.
 */
export async function awaitSurvivors({ job }: JobFolder, sink: ReportSink): Promise<void> {
  const start = performance.now();
  for (let told = false; ; told = true) {
    const isTooLate = performance.now() - start > SCRIPT_LIMIT_MS;
    const survivor = processesOf(job).find(
      (found) => PROGRAMS.includes(found.name) || hookOf(found) !== null || (!isTooLate && isMaintainerScript(found)),
    );
    if (survivor === undefined) return;
    const holder = `the job’s own ${hookOf(survivor) ?? survivor.name} (process ${survivor.pid})`;
    if (!told) await sink({ kind: 'waiting', for: 'lock', holder });
    await sleep(POLL_MS);
  }
}
