import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../core/system-error.ts';

/**
 * Makes a folder for its owner alone, and those above that are not there. Node's own recursive mkdir spins for ever in a
 * file system that answers ENOENT although the folder above is there, as /proc does.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  if (missing.length === 0) await mkdir(path, { recursive: true }); // fails where it is no folder
  for (const folder of missing) {
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      // Somebody else made it meanwhile, or it is one into which we may not look.
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  }
}
