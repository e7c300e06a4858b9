import { stat } from 'node:fs/promises';

/** Bytes of a file; 0 for one that is not there. */
export async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}
