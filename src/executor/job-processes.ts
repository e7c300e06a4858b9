import type { JobId } from '../core/ids.ts';
import { findProcesses, type FoundProcess } from '../host/find-processes.ts';

/** Marks the programs of a job in their environment, by which they are found also after a crash of the executor. */
export const JOB_VARIABLE = 'CELEROOT_JOB';

/** The programs by which tasks change a host. */
export const PROGRAMS: readonly string[] = ['apt-get', 'apt-mark', 'dpkg'];

/** What runs for a job, with the daemons that scripts of its packages started. */
export function processesOf(job: JobId): readonly FoundProcess[] {
  return findProcesses(`${JOB_VARIABLE}=${job}`);
}

/** Where dpkg runs the scripts of installed packages, and of those it unpacks (dpkg's database folder). */
export function isMaintainerScript({ argv }: FoundProcess): boolean {
  return argv.some((word) => SCRIPT_PATH.test(word));
}

/** The path of the host's own program that this process is the time limit of (tasks/hook-run.ts); null when it is none. */
export function hookOf({ name, argv }: FoundProcess): string | null {
  return name === 'timeout' ? (argv.find((word) => HOOK_PATH.test(word)) ?? null) : null;
}

const HOOK_PATH = /^\/etc\/celeroot\/hooks\.d\/[^/]+$/;

const SCRIPT_PATH = /^\/var\/lib\/dpkg\/(?:info\/[^/]+\.|tmp\.ci\/)(?:pre|post)(?:inst|rm)$/;
