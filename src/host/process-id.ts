import { readFileSync } from 'node:fs';
import * as z from 'zod';

/**
 * Names one process for as long as the machine's memory lasts: process ids are used again, the start time (clock
 * ticks since boot, field 22 of `/proc/<pid>/stat`, proc_pid_stat(5)) and the boot they belong to are not.
 */
export const processIdentitySchema = z.strictObject({
  bootId: z.string().max(64),
  pid: z.int().min(1),
  startTime: z.string().regex(/^\d{1,20}$/),
});
export type ProcessIdentity = Readonly<z.infer<typeof processIdentitySchema>>;

/** The identity of a process that runs now; null when there is none, or all that is left is to be waited for. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const startTime = stat === null ? null : startTimeIn(stat);
  return startTime === null ? null : { bootId: currentBootId(), pid, startTime };
}

/** Whether exactly this process, and not another with its number, still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now !== null && now.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** The kernel's id of this boot. */
export function currentBootId(): string {
  return readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown';
}

/**
 * Field 22 of a stat line, null for a zombie or a dead process. A first thread that is a zombie is not all of a process:
 * as long as others end, their number being field 20, files and locks are held.
 */
export function startTimeIn(stat: string): string | null {
  const [state, ...fields] = fieldsFrom3(stat);
  const isOver = state === 'X' || (state === 'Z' && Number(fields[16] ?? 0) <= 1);
  return state === undefined || isOver ? null : (fields[18] ?? null);
}

/** Field 4 of a stat line: the number of the parent; 0 when there is none, or no line. */
export function parentIn(stat: string): number {
  return Number(fieldsFrom3(stat)[1] ?? 0);
}

/** The name in field 2 may hold spaces and brackets. */
function fieldsFrom3(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
