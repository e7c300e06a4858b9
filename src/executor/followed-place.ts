import { readFile, rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { PHASES } from '../core/step.ts';
import type { JobFolder } from './job-folder.ts';

/** How far a job's files have been told, in bytes of each, and the phase told last. */
const placeSchema = z.strictObject({
  events: z.int().min(0),
  status: z.int().min(0),
  output: z.int().min(0),
  phase: z.enum(PHASES),
});
export type FollowedPlace = z.infer<typeof placeSchema>;

/** Where a worker before this one got to; the beginning when there was none. */
export async function readPlace({ files }: JobFolder): Promise<FollowedPlace> {
  try {
    return placeSchema.parse(JSON.parse(await readFile(files.followed, 'utf8')));
  } catch {
    return { events: 0, status: 0, output: 0, phase: 'planning' };
  }
}

/** Not durable, and no error when it fails: the worst that comes of it is that something is told twice. */
export async function savePlace({ files }: JobFolder, place: FollowedPlace): Promise<void> {
  const draft = `${files.followed}.draft`;
  await writeFile(draft, JSON.stringify(place), { mode: 0o600 })
    .then(async () => await rename(draft, files.followed))
    .catch(() => undefined);
}
