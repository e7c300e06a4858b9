import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Argv } from '../src/core/step.ts';
import { programFiles } from '../src/host/program-files.ts';

const run = promisify(execFile);

export const CHECKOUT: string = join(import.meta.dirname, '..');

/** celeroot as hosts and operators without a checkout have it. */
export type Program = { readonly celeroot: Argv; readonly node: string };

/** Builds celeroot and copies it into `folder` with a launcher. */
export async function packedProgram(folder: string): Promise<Program> {
  await mkdir(folder);
  await run(process.execPath, [join(CHECKOUT, 'scripts/bundle.ts')]);
  const files = await programFiles(join(CHECKOUT, 'build/celeroot.cjs'));
  for (const file of files) await copyFile(file, join(folder, basename(file)));
  const node = join(folder, 'node');
  await copyFile(process.execPath, node);
  const start = join(folder, 'celeroot');
  const launcher = `#!/bin/sh\nexec ${node} --disable-sigusr1 ${join(folder, 'celeroot.cjs')} "$@"\n`;
  await writeFile(start, launcher, { mode: 0o755 });
  return { celeroot: [start], node };
}
