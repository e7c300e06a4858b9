import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const unpack = promisify(gunzip);

/** A packed file may unpack to anything. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The text of a file; of one that gzip packed, by its name, what is in it. @throws the system's own error. */
export async function readFileText(path: string): Promise<string> {
  const bytes = await readFile(path);
  if (!path.endsWith('.gz')) return bytes.toString('utf8');
  return (await unpack(bytes, { maxOutputLength: MOST_BYTES })).toString('utf8');
}
