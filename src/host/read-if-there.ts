import { readFile } from 'node:fs/promises';
import { hasCode } from '../core/system-error.ts';

/** The text of a file; null when there is none. @throws the system's own error for all else. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
