import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { SEARCH_PATH } from './program-environment.ts';

/** Whether a program is on the fixed PATH that everything is started with. */
export async function hasProgram(name: string): Promise<boolean> {
  const found = SEARCH_PATH.split(':').map(async (folder) => await isExecutable(join(folder, name)));
  return (await Promise.all(found)).includes(true);
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
