import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from './lock.ts';

/**
 * The folder `<cache>/<key>`, made by `build` if it is not there. Half-built folders are never seen: `build` fills
 * another one, which is renamed at the end. Several processes may ask at once; one builds.
 */
export async function buildOnce(cache: string, key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, key);
  if (existsSync(folder)) return folder;
  await using _ = await takeLock(join(cache, `${key}.lock`));
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await build(partial);
  await rename(partial, folder);
  return folder;
}
