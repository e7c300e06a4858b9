import { readFile } from 'node:fs/promises';

/** The last line of a log, to be quoted as the reason of what it is the log of; empty when there is none. */
export async function lastLine(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').at(-1) ?? '';
}
