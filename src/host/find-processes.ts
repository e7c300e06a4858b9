import { readdirSync, readFileSync } from 'node:fs';
import { parentIn } from './process-id.ts';

export type FoundProcess = {
  readonly pid: number;
  /** The process that started it, or the one it was left to. */
  readonly parent: number;
  /** proc_pid_comm(5): the first 15 characters of its name. */
  readonly name: string;
  /** Words of its command line. */
  readonly argv: readonly string[];
  /** `NAME=value`, as it was started with. */
  readonly environment: readonly string[];
};

/** The running processes that were started with `variable` (`NAME=value`) in their environment. */
export function findProcesses(variable: string): readonly FoundProcess[] {
  return pids().flatMap((pid) => {
    const environment = wordsOf(`/proc/${pid}/environ`);
    if (!environment.includes(variable)) return [];
    return [{ ...family(pid), argv: wordsOf(`/proc/${pid}/cmdline`), environment }];
  });
}

/** The processes below one, children before grandchildren; `except` names those to leave out with all below them. */
export function processesBelow(pid: number, except: readonly string[]): readonly number[] {
  const children = Map.groupBy(pids().map(family), ({ parent }) => parent);
  const below = (of: number): readonly number[] => {
    const own = (children.get(of) ?? []).filter(({ name }) => !except.includes(name)).map((child) => child.pid);
    return [...own, ...own.flatMap(below)];
  };
  return below(pid);
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

function family(pid: number): Pick<FoundProcess, 'pid' | 'parent' | 'name'> {
  return { pid, parent: parentIn(read(`/proc/${pid}/stat`)), name: read(`/proc/${pid}/comm`).trimEnd() };
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
