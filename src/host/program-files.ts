import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** All files of the built program whose `celeroot.cjs` this is, which itself comes last: it names the others. */
export async function programFiles(program: string): Promise<readonly string[]> {
  const name = /celeroot-[0-9a-f]{16}/.exec(await readFile(program, 'latin1'))?.[0];
  const others = name === undefined ? [] : [`${name}.js`, `${name}.cache`];
  return [...others.map((file) => join(dirname(program), file)), program];
}
