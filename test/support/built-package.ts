import assert from 'node:assert/strict';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKOUT } from '../../lab/paths.ts';
import { run } from '../../lab/run-command.ts';
import { ARCHITECTURES, type Architecture } from '../../scripts/build/architectures.ts';
import { buildDebianPackage } from '../../scripts/build/debian-package.ts';
import { findNode } from '../../scripts/build/find-node.ts';
import { VERSION } from '../../src/core/version.ts';

export const NEXT_VERSION = `${VERSION}+next`;
const TIME = 1_700_000_000;

const SOURCES = [
  'bin',
  'src',
  'scripts',
  'package.json',
  'package-lock.json',
  'CHANGELOG.md',
  'SECURITY.md',
  'docs',
  'celeroot.example.yaml',
  'celeroot.schema.json',
];

export type BuiltCopy = { readonly dist: string; readonly executable: string; readonly package: string };
export type Habits = { readonly umask?: string; readonly env?: Readonly<Record<string, string>> };

/** What `npm run build` makes for this machine of a copy of the checkout at `folder`, without compressing it. */
export async function buildCopy(folder: string, { umask = '022', env = {} }: Habits = {}): Promise<BuiltCopy> {
  await mkdir(folder);
  for (const name of SOURCES) await cp(join(CHECKOUT, name), join(folder, name), { recursive: true });
  await symlink(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  const { debian } = thisArchitecture();
  const build = [process.execPath, join(folder, 'scripts/build.ts'), '--arch', debian, '--fast'];
  await run(['sh', '-c', 'umask "$0"; exec "$@"', umask, ...build], {
    env: { ...process.env, SOURCE_DATE_EPOCH: `${TIME}`, ...env },
  });
  const dist = join(folder, 'build/dist');
  const executable = join(dist, `celeroot_${VERSION}_${debian}`);
  return { dist, executable, package: `${executable}.deb` };
}

/** The same executable as the package of a later version, beside the first one. */
export async function buildNextPackage({ dist, executable }: BuiltCopy): Promise<string> {
  const architecture = thisArchitecture();
  const root = `${CHECKOUT}/`;
  const node = findNode(root, architecture, dist);
  const made = { architecture, version: NEXT_VERSION, time: TIME + 1, compression: 'none', folder: dist } as const;
  return await buildDebianPackage(root, { file: executable, node, packages: [] }, made);
}

function thisArchitecture(): Architecture {
  const found = ARCHITECTURES.find(({ npm }) => npm === process.arch);
  assert.ok(found !== undefined, `celeroot is not built for ${process.arch}`);
  return found;
}
