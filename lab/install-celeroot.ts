import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { programFiles } from '../src/host/program-files.ts';
import { takeLock } from './lock.ts';
import { CHECKOUT, type LabPaths } from './paths.ts';
import { run } from './run-command.ts';

const LAUNCHER = `#!/bin/sh
exec /opt/celeroot/node --disable-sigusr1 /opt/celeroot/celeroot.cjs "$@"
`;

/** The folder all hosts of a lab see as /opt/celeroot; `node` in it is only where the real one is mounted. */
export function programFolder(paths: LabPaths): string {
  return join(paths.folder, 'opt');
}

/** Copies celeroot as it is now to all hosts. A worker that runs keeps what it has until its next start. */
export async function installCeleroot(paths: LabPaths): Promise<void> {
  const folder = programFolder(paths);
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(folder, 'node'))) await writeFile(join(folder, 'node'), '');
  await writeFile(join(folder, 'celeroot'), LAUNCHER, { mode: 0o755 });
  // The lock of ./celeroot: nobody replaces what is being copied.
  await using _ = await takeLock(join(CHECKOUT, 'build/.lock'));
  await run([process.execPath, join(CHECKOUT, 'scripts/bundle.ts')]);
  for (const file of await programFiles(join(CHECKOUT, 'build/celeroot.cjs'))) {
    const partial = join(folder, `${basename(file)}.partial`);
    await copyFile(file, partial);
    await rename(partial, join(folder, basename(file)));
  }
}
