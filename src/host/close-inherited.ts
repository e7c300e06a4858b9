import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** O_CLOEXEC in the flags of /proc/<pid>/fdinfo (proc_pid_fdinfo(5)), which are octal. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes what whoever started this process left open in it, so that no program we start gets it: Node opens its own
 * files close-on-exec and marks those it inherited, but only the first ones. The file `keep` stays open.
 */
export function closeInherited(keep: string): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd > 2 && passesOn(fd) && targetOf(fd) !== keep) closeSync(fd);
  }
}

/** False for the descriptor by which the folder itself was read. */
function passesOn(fd: number): boolean {
  try {
    const [, flags = ''] = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false;
  }
}

function targetOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
