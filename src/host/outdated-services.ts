import { readdirSync, readFileSync } from 'node:fs';

/**
 * The services that run code which was replaced or removed on the disk: a program or library that one of their
 * processes has mapped as executable is deleted. What an interpreter has read into memory leaves no such trace, and
 * sessions of users and containers are not services of this host.
 */
export function outdatedServices(proc = '/proc'): readonly string[] {
  const found = new Set<string>();
  for (const pid of readdirSync(proc).filter((entry) => /^\d+$/.test(entry))) {
    const service = serviceIn(read(`${proc}/${pid}/cgroup`));
    if (service !== null && !found.has(service) && DELETED_CODE.test(read(`${proc}/${pid}/maps`))) found.add(service);
  }
  return [...found].toSorted();
}

/**
 * The service of a process by cgroups(7): in the hierarchy of version 2 or in systemd's own, of which one may be there
 * and unused. A service that divides its group further, or runs another systemd in it, stands first in the path.
 */
function serviceIn(cgroups: string): string | null {
  const paths = [...cgroups.matchAll(/^(?:0:|\d+:name=systemd):(\/.*)$/gm)].map(([, path = '']) => path);
  const parts = paths.filter((path) => !path.startsWith('/user.slice/')).flatMap((path) => path.split('/'));
  const service = parts.find((part) => part.endsWith('.service'));
  return service === undefined || service.startsWith('celeroot-job-') ? null : service;
}

/** A line of proc_pid_maps(5). Where packages have no files, such as /tmp and /dev/zero, deleted means nothing. */
const DELETED_CODE = /^\S+ ..x\S* .* \/(?:usr|lib\w*|bin|sbin|opt)\/.* \(deleted\)$/m;

/** Empty for a process that is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
