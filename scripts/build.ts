import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CelerootError, UsageError } from '../src/core/errors.ts';
import { VERSION } from '../src/core/version.ts';
import { ARCHITECTURES, type Architecture } from './build/architectures.ts';
import { buildTime } from './build/build-time.ts';
import { buildDebianPackage } from './build/debian-package.ts';
import { buildExecutable } from './build/single-executable.ts';

/**
 * Builds what is shipped into build/dist: for each architecture the single executable and the Debian package of it.
 * `--arch amd64` builds only that; `--fast` does not compress, for tests.
 */
const root = join(import.meta.dirname, '../');
const folder = join(root, 'build/dist');

try {
  const { values } = parseArgs({ options: { arch: { type: 'string' }, fast: { type: 'boolean', default: false } } });
  const time = buildTime(root, process.env);
  mkdirSync(folder, { recursive: true });
  for (const architecture of chosen(values.arch)) {
    const file = join(folder, `celeroot_${VERSION}_${architecture.debian}`);
    const executable = await buildExecutable(root, architecture, file);
    report(executable.file);
    const compression = values.fast ? 'none' : 'xz';
    report(await buildDebianPackage(root, executable, { architecture, version: VERSION, time, compression, folder }));
  }
} catch (error) {
  if (!(error instanceof CelerootError)) throw error;
  console.error(`error[${error.code}]: ${error.message}`);
  if (error.hint !== undefined) console.error(`hint: ${error.hint}`);
  process.exitCode = error.exitCode;
}

function chosen(name: string | undefined): readonly Architecture[] {
  if (name === undefined) return ARCHITECTURES;
  const found = ARCHITECTURES.filter(({ debian }) => debian === name);
  if (found.length > 0) return found;
  const known = ARCHITECTURES.map(({ debian }) => debian).join(', ');
  throw new UsageError('USAGE', `celeroot is not built for ${JSON.stringify(name)}`, { hint: `there are ${known}` });
}

function report(file: string): void {
  console.log(`${file.slice(root.length)}  ${(statSync(file).size / 1e6).toFixed(1)} MB`);
}
