import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Architecture } from './architectures.ts';
import { MAINTAINER } from './maintainer.ts';
import { MAINTAINER_SCRIPTS } from './maintainer-scripts.ts';
import { packageFiles, type PackageFile } from './package-files.ts';
import { runProgram } from './run-program.ts';
import type { Executable } from './single-executable.ts';

export type DebianPackage = {
  readonly architecture: Architecture;
  readonly version: string;
  /** Seconds since 1970; what the package and all in it is dated. */
  readonly time: number;
  /** What is shipped has `xz`; `none` is for tests, which have no time to compress. */
  readonly compression: 'xz' | 'none';
};

/** Writes `celeroot_<version>_<architecture>.deb` into a folder and returns its path. */
export async function buildDebianPackage(
  root: string,
  executable: Executable,
  made: DebianPackage & { readonly folder: string },
): Promise<string> {
  const file = join(made.folder, `celeroot_${made.version}_${made.architecture.debian}.deb`);
  const tree = mkdtempSync(`${file}.partial-`);
  try {
    const files = await packageFiles(root, executable, made);
    for (const each of files) putFile(tree, each);
    putControl(tree, files, made);
    settle(tree, made.time);
    pack(tree, made);
    renameSync(`${tree}.deb`, file);
    return file;
  } finally {
    for (const path of [tree, `${tree}.deb`]) rmSync(path, { recursive: true, force: true });
  }
}

function putFile(tree: string, file: PackageFile): void {
  const path = join(tree, file.path);
  mkdirSync(file.kind === 'folder' ? path : dirname(path), { recursive: true });
  if (file.kind === 'text') writeFileSync(path, file.content);
  if (file.kind === 'copy') copyFileSync(file.from, path, constants.COPYFILE_FICLONE);
  chmodSync(path, file.mode);
}

function putControl(tree: string, files: readonly PackageFile[], made: DebianPackage): void {
  const sums = files
    .filter(({ kind }) => kind !== 'folder')
    .map(({ path }) => `${createHash('md5').update(readFileSync(join(tree, path))).digest('hex')}  ${path}\n`);
  const kibibytes = files.map(({ path }) => Math.ceil(statSync(join(tree, path)).size / 1024));
  const size = kibibytes.reduce((sum, each) => sum + each, 0);
  const control = (path: string, content: string, mode: number): void =>
    putFile(tree, { kind: 'text', path: `DEBIAN/${path}`, content, mode });
  control('control', controlFile(made, size), 0o644);
  control('md5sums', sums.toSorted().join(''), 0o644);
  for (const [name, script] of Object.entries(MAINTAINER_SCRIPTS)) control(name, script, 0o755);
}

/**
 * The libraries are what Node needs, in the versions that have the symbols it uses; Debian 11 has them all, and
 * libatomic1 is the only one that the smallest system lacks. sensible-utils has the editor of `celeroot config edit`.
 */
function controlFile({ version, architecture }: DebianPackage, size: number): string {
  return `Package: celeroot
Version: ${version}
Architecture: ${architecture.debian}
Maintainer: ${MAINTAINER}
Installed-Size: ${size}
Depends: libatomic1 (>= 4.8), libc6 (>= 2.28), libgcc-s1 (>= 4.2), libstdc++6 (>= 5.2)
Recommends: sensible-utils
Suggests: openssl, redis-server
Section: admin
Priority: optional
Description: fleet of Debian and Ubuntu servers, patched from one YAML file
 celeroot keeps a fleet of servers installed, patched and accounted for. A
 worker on every host does what it is told with the host's own apt; one Redis
 carries signed orders there and reports back.
 .
 This package has the one executable that is everything: the command line of
 the operator and the worker of a host. It needs no Node.js.
`;
}

/** Nothing of the machine that builds may be in the package: not its umask, and not its time. */
function settle(tree: string, time: number): void {
  for (const entry of readdirSync(tree, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory() && !path.endsWith('/etc/celeroot')) chmodSync(path, 0o755);
    lutimesSync(path, time, time);
  }
  chmodSync(tree, 0o755);
  lutimesSync(tree, time, time);
}

/** xz gives other bytes when it works in several threads. */
function pack(tree: string, { compression, time }: DebianPackage): void {
  const env = { SOURCE_DATE_EPOCH: `${time}`, DPKG_DEB_THREADS_MAX: '1', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  const argv = ['dpkg-deb', '--root-owner-group', `-Z${compression}`, '--build', tree, `${tree}.deb`] as const;
  runProgram(argv, { debianPackage: 'dpkg', env });
}
