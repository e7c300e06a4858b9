import { readdirSync, readFileSync } from 'node:fs';

export type FoundProcess = {
  readonly pid: number;
  /** proc_pid_comm(5): the first 15 characters of its name. */
  readonly name: string;
  /** Words of its command line. */
  readonly argv: readonly string[];
};

/** The running processes that were started with `variable` (`NAME=value`) in their environment. */
export function findProcesses(variable: string): readonly FoundProcess[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && wordsOf(`/proc/${entry}/environ`).includes(variable))
    .map((entry) => ({
      pid: Number(entry),
      name: read(`/proc/${entry}/comm`).trimEnd(),
      argv: wordsOf(`/proc/${entry}/cmdline`),
    }));
}

function wordsOf(path: string): readonly string[] {
  return read(path).split('\0');
}

/** Empty for a process that is gone, or a zombie. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
