import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../src/core/errors.ts';

/** Makes the control group (version 2) for the host at a place; systemd needs one of its own. */
export async function makeCgroup(place: string): Promise<string> {
  const folder = await cgroupOf(place);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Removes the control groups of everything at or below a place that has been killed. */
export async function removeCgroups(place: string): Promise<void> {
  const folder = await cgroupOf(place).catch(() => null);
  if (folder === null || !existsSync(folder)) return;
  await removeTree(folder);
  // The groups above it go with the last lab.
  for (let above = dirname(folder); above.includes('/celeroot-lab'); above = dirname(above)) {
    await rmdir(above).catch(() => undefined);
  }
}

async function cgroupOf(place: string): Promise<string> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  const mount = /^(?:\S+ ){4}(\S+) .* - cgroup2 /m.exec(mounts)?.[1];
  if (mount === undefined) {
    throw new CommandError('COMMAND_FAILED', 'this machine has no cgroup2 mounted, which hosts with systemd need', {
      hint: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified, or leave out --systemd',
    });
  }
  return join(mount, 'celeroot-lab', place);
}

/** A group can be removed once it has no groups and the kernel has let go of its dead processes. */
async function removeTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  }
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (removed) return;
    await sleep(10);
  }
  throw new CommandError('COMMAND_FAILED', `cannot remove the control group ${folder}`);
}
