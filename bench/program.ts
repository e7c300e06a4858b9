import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { CommandError } from '../src/core/errors.ts';
import type { Argv } from '../src/core/step.ts';

const run = promisify(execFile);

export const CHECKOUT: string = join(import.meta.dirname, '..');

/** celeroot as hosts and operators without a checkout have it. */
export type Program = { readonly celeroot: Argv; readonly node: string };

/** Builds celeroot and unpacks what `celeroot program` writes into `folder`. */
export async function packedProgram(folder: string): Promise<Program> {
  await mkdir(folder);
  await run(process.execPath, [join(CHECKOUT, 'scripts/bundle.ts')]);
  const pack = spawn(process.execPath, [join(CHECKOUT, 'build/celeroot.cjs'), 'program'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const unpack = spawn('tar', ['-xz', '-C', folder], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = Promise.all([once(pack, 'close'), once(unpack, 'close')]);
  await pipeline(pack.stdout, unpack.stdin);
  await ended;
  if (pack.exitCode !== 0 || unpack.exitCode !== 0) {
    throw new CommandError(
      'COMMAND_FAILED',
      `celeroot program ended with ${pack.exitCode}, tar with ${unpack.exitCode}`,
    );
  }
  return { celeroot: [join(folder, 'celeroot')], node: join(folder, 'node') };
}
