import { appendFile } from 'node:fs/promises';
import { CommandError } from '../core/errors.ts';
import { processesBelow, type FoundProcess } from '../host/find-processes.ts';
import { identifyProcess } from '../host/process-id.ts';
import type { JobFolder } from './job-folder.ts';
import { isMaintainerScript, processesOf, PROGRAMS } from './job-processes.ts';

/** How long a script may run once the job is out of time, and how long it has to heed SIGTERM. */
export type ScriptLimits = { readonly graceMs: number; readonly killMs: number };

/** Of an upgrade that is only late every script ends by itself within that: nothing of it is torn apart. */
const LIMITS: ScriptLimits = { graceMs: 30_000, killMs: 10_000 };
const POLL_MS = 500;

export type ScriptLimit = Disposable & {
  /** The scripts that had to be stopped so far: `postinst of lab-slow`. */
  readonly stopped: () => readonly string[];
};

/**
 * Stops scripts of packages that hang once the job is out of time, until disposed. From the commit on nothing else can
 * be: when a script dies, dpkg writes the package down as half configured and goes on, apt ends in good order and the
 * next job repairs; when dpkg or apt dies, the packages are left in pieces. Only a script that dpkg waits for and what
 * runs below it are stopped; the daemons it has started are not below it.
 */
export function limitScripts(
  { job, files }: JobFolder,
  isOutOfTime: () => boolean,
  limits: ScriptLimits = LIMITS,
): ScriptLimit {
  const watched = new Map<string, Watched>();
  const stopped = new Set<string>();
  const look = (): void => {
    if (!isOutOfTime()) return;
    const now = performance.now();
    for (const [key, script] of runningScripts(processesOf(job))) {
      const known = watched.get(key) ?? { since: now, sent: null };
      const due = dueSignal(now - known.since, limits);
      watched.set(key, { ...known, sent: due });
      if (due === null || due === known.sent) continue;
      const name = nameOf(script);
      stopped.add(name);
      // Only a note for whoever reads the output.
      appendFile(files.output, `\nceleroot: out of time: ${due} to the ${name}\n`).catch(() => undefined);
      for (const pid of [script.pid, ...processesBelow(script.pid, PROGRAMS)]) send(pid, due);
    }
  };
  const timer = setInterval(look, Math.min(POLL_MS, limits.graceMs));
  return { stopped: () => [...stopped], [Symbol.dispose]: () => clearInterval(timer) };
}

/** What a job ends with whose scripts were stopped. */
export function outOfTime(scripts: readonly string[]): CommandError {
  return new CommandError('OUT_OF_TIME', `out of time: the ${scripts.join(' and the ')} hung and was stopped`, {
    hint: 'see the job’s output for what it waited for; the next job on the host repairs what that left',
  });
}

type Watched = { readonly since: number; readonly sent: Signal | null };
type Signal = 'SIGTERM' | 'SIGKILL';

function dueSignal(ranMs: number, { graceMs, killMs }: ScriptLimits): Signal | null {
  if (ranMs < graceMs) return null;
  return ranMs < graceMs + killMs ? 'SIGTERM' : 'SIGKILL';
}

/** The scripts that a dpkg of the job waits for, each under a key that no later process has. */
function runningScripts(processes: readonly FoundProcess[]): readonly (readonly [key: string, FoundProcess])[] {
  const dpkgs = new Set(processes.filter(({ name }) => name === 'dpkg').map(({ pid }) => pid));
  return processes
    .filter((found) => dpkgs.has(found.parent) && isMaintainerScript(found))
    .flatMap((found) => {
      const identity = identifyProcess(found.pid);
      return identity === null ? [] : [[`${identity.pid} ${identity.startTime}`, found] as const];
    });
}

/** dpkg tells its scripts who they are: see `ENVIRONMENT` in deb-preinst(5) and its like. */
function nameOf({ environment }: FoundProcess): string {
  const valueOf = (name: string): string | undefined =>
    environment.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  return `${valueOf('DPKG_MAINTSCRIPT_NAME') ?? 'script'} of ${valueOf('DPKG_MAINTSCRIPT_PACKAGE') ?? 'a package'}`;
}

function send(pid: number, signal: Signal): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
