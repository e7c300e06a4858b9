import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { CommandError } from '../../src/core/errors.ts';
import type { Architecture } from './architectures.ts';
import { runProgram } from './run-program.ts';

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), integrity: z.string().optional() })),
});

/**
 * The folder of the npm package with Node for an architecture. npm installs the one of this machine; the other is
 * fetched with `npm pack` into `cache` and has to be, byte for byte, what package-lock.json names.
 */
export function findNode(root: string, { npm }: Architecture, cache: string): string {
  const name = `node-linux-${npm}`;
  const installed = join(root, 'node_modules', name);
  if (existsSync(installed)) return installed;
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const { version = '', integrity = '' } = packages[`node_modules/${name}`] ?? {};
  const archive = join(cache, `${name}-${version}.tgz`);
  mkdirSync(cache, { recursive: true });
  if (!fits(archive, integrity)) {
    console.log(`fetching ${name} ${version} with npm`);
    runProgram(['npm', 'pack', '--silent', '--pack-destination', cache, `${name}@${version}`]);
  }
  if (!fits(archive, integrity)) {
    throw new CommandError('COMMAND_FAILED', `${archive} is not the ${name} ${version} of package-lock.json`, {
      hint: `remove it and build again: rm ${archive}`,
    });
  }
  runProgram(['tar', '-xzf', archive, '-C', cache]);
  return join(cache, 'package');
}

function fits(archive: string, integrity: string): boolean {
  if (!existsSync(archive)) return false;
  const digest = createHash('sha512').update(readFileSync(archive)).digest('base64');
  return integrity === `sha512-${digest}`;
}
