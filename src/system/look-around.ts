import type { Disk, HostCheck } from '../core/host-check.ts';
import { readText, type Argv, type Work } from '../core/step.ts';
import { tryRun } from './try-run.ts';

const LIMIT_MS = 10_000;

/** Null where there is no systemd, or it does not answer. */
export function* failedUnits(): Work<readonly string[] | null> {
  const output = yield* tryRun(FAILED_UNITS_ARGV, LIMIT_MS);
  if (typeof output === 'string' || output.exitCode !== 0) return null;
  return parseUnitNames(output.stdout);
}

const FAILED_UNITS_ARGV: Argv = [
  'systemctl',
  'list-units',
  '--failed',
  '--all',
  '--plain',
  '--full',
  '--no-legend',
  '--no-pager',
];

/** The first word of each line, but for the dot that some versions of systemctl put before it. */
export function parseUnitNames(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => line.split(/\s+/).find((word) => word.includes('.')) ?? []);
}

/** proc_loadavg(5) and the lines of proc_stat(5), one for each processor. */
export function* currentLoad(): Work<HostCheck['load']> {
  const average = Number.parseFloat((yield* readText('/proc/loadavg')) ?? '');
  const cores = [...((yield* readText('/proc/stat')) ?? '').matchAll(/^cpu\d+ /gm)].length;
  return Number.isFinite(average) && average >= 0 && cores > 0 ? { average, cores } : null;
}

/** Local file systems only: a server of files that is away would keep df waiting. */
export function* localDisks(): Work<readonly Disk[]> {
  const output = yield* tryRun(DISKS_ARGV, LIMIT_MS);
  // df fails when it may not look at one of them, and prints the others.
  return typeof output === 'string' ? [] : parseDisks(output.stdout);
}

const DISKS_ARGV: Argv = ['df', '--local', '--block-size=1', '--output=fstype,size,avail,target'];

/** In memory, or images that are full by nature, or other looks at files that are listed already. */
const NO_DISKS: ReadonlySet<string> = new Set([
  'devtmpfs',
  'efivarfs',
  'fuse.snapfuse',
  'iso9660',
  'overlay',
  'ramfs',
  'squashfs',
  'tmpfs',
]);

/** Lines of df(1) with the columns of `DISKS_ARGV`. The root counts whatever it is. */
export function parseDisks(text: string): readonly Disk[] {
  return text.split('\n').flatMap((line) => {
    const [, type = '', bytes, freeBytes, mount = ''] = /^(\S+) +(\d+) +(\d+) +(\/.*)$/.exec(line) ?? [];
    if (mount === '' || (NO_DISKS.has(type) && mount !== '/')) return [];
    return [{ mount, bytes: Number(bytes), freeBytes: Number(freeBytes) }];
  });
}

const BOOT_MS = 300_000;

/** Waits until systemd is through with a boot, whether well or not; false when that takes too long. */
export function* bootEnded(): Work<boolean> {
  const output = yield* tryRun(['systemctl', 'is-system-running', '--wait'], BOOT_MS);
  return typeof output !== 'string' && !['starting', 'initializing'].includes(output.stdout.trim());
}

/** Whether the machine is being shut down or rebooted. */
export function* systemStops(): Work<boolean> {
  const output = yield* tryRun(['systemctl', 'is-system-running'], LIMIT_MS);
  return typeof output !== 'string' && output.stdout.trim() === 'stopping';
}
