import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { BugError, CommandError } from '../src/core/errors.ts';

/**
 * The kernel knows which namespaces a lab has: PID 1 of each carries its place (a folder of the lab) in its
 * environment. Nothing has to be written down, so nothing is stale after a crash.
 */
const MARK = 'CELEROOT_LAB_PLACE';

/** A process of the lab on this machine. `isInit`: it is PID 1 of a namespace, not the `unshare` that waits for it. */
export type MarkedProcess = { readonly pid: number; readonly place: string; readonly isInit: boolean };

/** All processes that carry a mark. */
export function markedProcesses(): MarkedProcess[] {
  const found: MarkedProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const place = placeOf(entry);
    if (place !== null) found.push({ pid: Number(entry), place, isInit: isInit(entry) });
  }
  return found;
}

/** PID 1 of the namespaces at a place, as this machine numbers it; null when there is none. */
export function findInit(place: string): number | null {
  // A process in the middle of execve(2) shows no environment, for as long as a busy machine keeps it there.
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const pid = markedInit(place);
    if (pid !== null) return pid;
    Atomics.wait(NOTHING, 0, 0, 5);
  }
  return null;
}

/** Something to wait on in code that cannot await. */
const NOTHING = new Int32Array(new SharedArrayBuffer(4));

function markedInit(place: string): number | null {
  return markedProcesses().find((marked) => marked.place === place && marked.isInit)?.pid ?? null;
}

function placeOf(pid: string): string | null {
  const environment = readQuietly(`/proc/${pid}/environ`);
  const entry = environment.split('\0').find((variable) => variable.startsWith(`${MARK}=`));
  return entry?.slice(MARK.length + 1) ?? null;
}

function isInit(pid: string): boolean {
  return /^NSpid:.*\t1$/m.test(readQuietly(`/proc/${pid}/status`));
}

/** Processes end while one looks at them. */
function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export type InitOptions = {
  readonly place: string;
  /** Control group to start in; becomes the root of a cgroup namespace. Without it there is no such namespace. */
  readonly cgroup?: string;
  /** File for what the script prints. */
  readonly log: string;
};

const JOIN_AND_UNSHARE = `
namespaces='--mount --net --pid --uts --ipc'
if [ -n "$0" ]; then echo $$ >"$0/cgroup.procs"; namespaces="$namespaces --cgroup"; fi
exec unshare --fork $namespaces --propagation private -- "$@"`;

/** Starts a script as PID 1 of new namespaces and waits until it says `ready` on its file descriptor 3. */
export async function startInit(argv: readonly string[], options: InitOptions): Promise<number> {
  await using log = await open(options.log, 'w');
  const child = spawn('sh', ['-c', JOIN_AND_UNSHARE, options.cgroup ?? '', ...argv], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', [MARK]: options.place },
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
  });
  await once(child, 'spawn');
  const ready = child.stdio[3];
  if (!(ready instanceof Readable)) throw new BugError('unshare was started without its pipe');
  // Not to the end of the pipe: `unshare` keeps it open as long as it waits for its child.
  const [said] = await Promise.race([once(ready, 'data'), once(child, 'exit')]);
  ready.destroy();
  child.unref();
  if (String(said) === 'ready\n') return await settledInit(options.place);
  const why = (await readFile(options.log, 'utf8')).trim();
  throw new CommandError('COMMAND_FAILED', `${options.place} did not start: ${why}`);
}

/** While a process executes another program, its environment reads as empty for a moment. */
async function settledInit(place: string): Promise<number> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const pid = findInit(place);
    if (pid !== null) return pid;
    await sleep(2);
  }
  throw new CommandError('COMMAND_FAILED', `${place} ended as soon as it was up`);
}

/**
 * What root may not do on a host, as `setpriv --bounding-set` wants it: set the clock, load modules and the like reach
 * the machine itself, which no namespace prevents.
 */
export const WITHOUT = '-sys_time,-sys_module,-sys_rawio,-wake_alarm,-mac_admin,-mac_override';

/** The argument list that runs a program as root inside the namespaces of a PID 1, with a clean environment. */
export function enterArgv(init: number, argv: readonly string[]): string[] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
  const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];
  const term = `TERM=${process.env['TERM'] ?? 'dumb'}`;
  const bounded = ['setpriv', '--bounding-set', WITHOUT];
  return [
    'nsenter',
    '--target',
    `${init}`,
    ...namespaces,
    '--',
    ...bounded,
    'env',
    '-i',
    ...environment,
    term,
    ...argv,
  ];
}

/** Kills everything at or below a place and returns when the kernel has let go of it. */
export async function killPlace(place: string): Promise<void> {
  const below = (): MarkedProcess[] =>
    markedProcesses().filter((marked) => marked.place === place || marked.place.startsWith(`${place}/`));
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const left = below();
    if (left.length === 0) return;
    for (const { pid } of left) kill(pid);
    await sleep(10);
  }
  throw new CommandError('COMMAND_FAILED', `processes of ${place} do not end: ${JSON.stringify(below())}`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the kill.
  }
}
