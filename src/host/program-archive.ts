import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { programFiles } from './program-files.ts';
import { pumpCommand, type Pump } from './pump-command.ts';
import { WORKER_UNIT, workerUnit } from './worker-unit.ts';

/** Where the archive is meant to be unpacked; its unit file names it. */
export const PROGRAM_FOLDER = '/opt/celeroot';

/**
 * Makes a gzipped tar of this celeroot (the program, a launcher, a unit file), for a host that has none of them, and
 * hands it on piece by piece.
 * @throws UsageError when celeroot runs from its sources and there is no program to pack.
 */
export async function writeProgramArchive(self: readonly string[], pump: Pump): Promise<void> {
  const { files, start } = await packedFiles(self);
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-program-'));
  try {
    for (const [name, file] of files) await symlink(file, join(folder, name));
    await writeFile(join(folder, 'celeroot'), launcher(start), { mode: 0o755 });
    await writeFile(join(folder, WORKER_UNIT), workerUnit(`${PROGRAM_FOLDER}/celeroot`), { mode: 0o644 });
    const owner = ['--owner=root:0', '--group=root:0', '--sort=name', '--dereference'];
    await pumpCommand(['tar', '--create', '--gzip', ...owner, '--directory', folder, '.'], pump);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type PackedFiles = {
  /** The files of the program by their names in the archive. */
  readonly files: readonly (readonly [name: string, file: string])[];
  /** How the launcher starts it from its own `$folder`. */
  readonly start: string;
};

/** The single executable is one file; what a checkout builds is Node and some files beside it. */
async function packedFiles([program, script]: readonly string[]): Promise<PackedFiles> {
  if (program !== undefined && script === undefined) {
    return { files: [['celeroot-program', program]], start: '"$folder/celeroot-program"' };
  }
  if (program === undefined || script?.endsWith('.cjs') !== true) {
    throw new UsageError('USAGE', 'this celeroot runs from its sources and has no program to pack', {
      hint: 'use the ./celeroot at the root of the checkout: it builds the program first',
    });
  }
  const files = (await programFiles(script)).map((file) => [basename(file), file] as const);
  return { files: [['node', program], ...files], start: '"$folder/node" --disable-sigusr1 "$folder/celeroot.cjs"' };
}

/** Node needs one library that a minimal Debian lacks; its absence gets the usual kind of error. */
function launcher(start: string): string {
  return `#!/bin/sh
# Starts celeroot on a host that has no checkout.
set -eu
folder=$(readlink -f "$0")
folder=\${folder%/*}
has_libatomic() {
  for library in /usr/lib/*/libatomic.so.1 /lib/*/libatomic.so.1 /usr/lib/libatomic.so.1; do
    [ ! -e "$library" ] || return 0
  done
  return 1
}
if ! has_libatomic; then
  echo 'error[MISSING_PROGRAM]: the library libatomic.so.1 is not installed, and Node needs it' >&2
  echo 'hint: apt-get install -y libatomic1' >&2
  exit 1
fi
exec ${start} "$@"
`;
}
