import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { LabPaths } from './paths.ts';

const stateSchema = z.strictObject({
  /** The lab's network is 10.213.<subnet>.0/24. */
  subnet: z.int().min(0).max(255),
  /** Folders below the cache that this lab stands on, whatever a later version of the lab would build. */
  base: z.string(),
  repository: z.string(),
  /** In the order of their addresses. */
  hosts: z.array(z.string()),
  /** The host that is a database beside being a webserver: the last one of the first `up`. */
  database: z.string(),
  /** Hosts boot systemd, which runs the worker. */
  systemd: z.boolean(),
  password: z.string(),
});

/** What a lab was made with. What it runs is asked of the kernel, not kept here. */
export type LabState = z.output<typeof stateSchema>;

/** Null when there is no such lab. */
export async function readState(paths: LabPaths): Promise<LabState | null> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(stateFile(paths), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

export async function writeState(paths: LabPaths, state: LabState): Promise<void> {
  const partial = `${stateFile(paths)}.partial`;
  await writeFile(partial, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(partial, stateFile(paths));
}

function stateFile(paths: LabPaths): string {
  return join(paths.folder, 'lab.json');
}
