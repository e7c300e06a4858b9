import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { hasCode } from '../core/system-error.ts';
import { VERSION } from '../core/version.ts';

/** Debian's names of the architectures for which there is a package. */
export const PACKAGE_ARCHITECTURES = ['amd64', 'arm64'] as const;
export type PackageArchitecture = (typeof PACKAGE_ARCHITECTURES)[number];

/** Where a package may lie. */
export type PackageSearch = {
  readonly architecture: PackageArchitecture;
  /** Absolute path of celeroot.yaml. */
  readonly configFile: string;
  readonly cwd: string;
  /** Program and first arguments of this celeroot. */
  readonly self: readonly string[];
};

/**
 * The Debian package of this version: of the checkout that celeroot runs from, beside celeroot.yaml, in the current
 * folder, or in /var/cache/celeroot.
 * @throws ConfigError PACKAGE_NOT_FOUND naming every place that was tried.
 */
export function findPackage({ architecture, configFile, cwd, self }: PackageSearch): string {
  const name = `celeroot_${VERSION}_${architecture}.deb`;
  const [, script] = self;
  const checkout = script === undefined ? [] : [join(dirname(script), '../build/dist')];
  const places = [...new Set([...checkout, dirname(configFile), cwd, '/var/cache/celeroot'])];
  const found = places.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new ConfigError('PACKAGE_NOT_FOUND', `found no ${name}, neither in ${places.join(' nor in ')}`, {
    hint: `make it in a checkout:  npm run build\nor name the file you installed celeroot from:  --package FILE\nor, for a host that has celeroot already:  --without-package`,
    details: { tried: places },
  });
}

export type PackageFile = { readonly file: string; readonly content: Buffer; readonly sha256: string };

/** @throws ConfigError PACKAGE_NOT_FOUND when it cannot be read or is no Debian package. */
export async function readPackage(named: string, cwd: string): Promise<PackageFile> {
  const file = resolve(cwd, named);
  const content = await readFile(file).catch((error: unknown) => {
    const why = hasCode(error, 'ENOENT') ? 'there is no' : 'cannot read';
    throw new ConfigError('PACKAGE_NOT_FOUND', `${why} ${file}`, { hint: 'make it with: npm run build', cause: error });
  });
  if (content.toString('latin1', 0, 8) !== '!<arch>\n') {
    throw new ConfigError('PACKAGE_NOT_FOUND', `${file} is no Debian package`, {
      hint: 'make one with: npm run build',
    });
  }
  return { file, content, sha256: createHash('sha256').update(content).digest('hex') };
}

/** Debian's name of the architecture this program runs on, or of the commonest. */
export function architectureHere(): PackageArchitecture {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}
