import { readdirSync, readFileSync, statSync, type BigIntStats } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The locks of dpkg and apt. Looked at, never opened or touched: an open file could lose another process's lock. */
const PACKAGE_LOCKS: readonly string[] = [
  '/var/lib/dpkg/lock-frontend',
  '/var/lib/dpkg/lock',
  '/var/lib/apt/lists/lock',
  '/var/cache/apt/archives/lock',
];

export type LockHolder = { readonly path: string; readonly pid: number; readonly command: string };

export type LockWait = {
  readonly timeoutMs: number;
  /** Called when the wait begins and whenever another process has become the holder. */
  readonly onHolder: (holder: LockHolder) => void;
  readonly signal: AbortSignal;
  /** Instead of apt's and dpkg's; for tests. */
  readonly paths?: readonly string[] | undefined;
};

const POLL_MS = 500;

/**
 * Waits until nobody holds the package locks. Returns null then, and the holder when the time is up. A program of
 * another pid namespace that shares our dpkg is not seen; against that apt's own DPkg::Lock::Timeout stands.
 * @throws the signal's reason when it is aborted.
 */
export async function waitForPackageLocks(wait: LockWait): Promise<LockHolder | null> {
  const end = performance.now() + wait.timeoutMs;
  let told: LockHolder | null = null;
  for (;;) {
    const holder = findLockHolder(wait.paths);
    if (holder === null) return null;
    if (holder.pid !== told?.pid) wait.onHolder(holder);
    told = holder;
    if (performance.now() >= end) return holder;
    await sleep(POLL_MS, undefined, { signal: wait.signal }).catch(() => undefined);
    wait.signal.throwIfAborted();
  }
}

/** The first process found to hold one of the locks; null when all are free. */
export function findLockHolder(paths: readonly string[] = PACKAGE_LOCKS): LockHolder | null {
  const locks = parseLocks(readFileSync('/proc/locks', 'utf8'));
  for (const path of paths) {
    const file = statSync(path, { bigint: true, throwIfNoEntry: false });
    const lock = file && locks.find((candidate) => isOn(candidate, file));
    if (lock !== undefined) return { path, pid: lock.pid, command: commandOf(lock.pid) };
  }
  return null;
}

export type HeldLock = {
  readonly pid: number;
  readonly major: bigint;
  readonly minor: bigint;
  readonly inode: bigint;
};

/**
 * The write locks of fcntl(2) that processes hold, from the text of /proc/locks (proc_locks(5)); those still waiting
 * for one (`->`) are left out.
 */
export function parseLocks(text: string): readonly HeldLock[] {
  const line = /^\d+: POSIX +\S+ +WRITE +(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /gm;
  return [...text.matchAll(line)].map(([, pid = '', major = '', minor = '', inode = '']) => ({
    pid: Number(pid),
    major: BigInt(`0x${major}`),
    minor: BigInt(`0x${minor}`),
    inode: BigInt(inode),
  }));
}

/**
 * By device and inode; where a stacked file system (overlayfs, btrfs) shows stat(2) other numbers than the kernel
 * locks under, by the holder having this very file open.
 */
function isOn(lock: HeldLock, file: BigIntStats): boolean {
  const major = (file.dev >> 8n) & 0xfffn;
  const minor = (file.dev & 0xffn) | ((file.dev >> 12n) & 0xfff00n);
  if (lock.inode === file.ino && lock.major === major && lock.minor === minor) return true;
  return hasOpen(lock.pid, file);
}

function hasOpen(pid: number, file: BigIntStats): boolean {
  return namesIn(`/proc/${pid}/fd`).some((fd) => {
    const open = statIfThere(`/proc/${pid}/fd/${fd}`);
    return open !== undefined && open.dev === file.dev && open.ino === file.ino;
  });
}

/** The command line of a process as one printable line, at most 200 characters. */
function commandOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return words.replaceAll(/\p{Cc}/gu, '?').slice(0, 200) || 'unknown';
  } catch {
    return 'unknown';
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function statIfThere(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
