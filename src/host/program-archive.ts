import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { programFiles } from './program-files.ts';
import { pumpCommand, type Pump } from './pump-command.ts';

/** Where the archive is meant to be unpacked; the unit file names it. */
export const PROGRAM_FOLDER = '/opt/celeroot';
export const WORKER_UNIT = 'celeroot-worker.service';

/**
 * Makes a gzipped tar of this celeroot (Node, the program, a launcher, a unit file), for a host that has none of them,
 * and hands it on piece by piece.
 * @throws UsageError when celeroot runs from its sources and there is no program to pack.
 */
export async function writeProgramArchive(self: readonly string[], pump: Pump): Promise<void> {
  const [node = '', program = ''] = self;
  if (!program.endsWith('.cjs')) {
    throw new UsageError('USAGE', 'this celeroot runs from its sources and has no program to pack', {
      hint: 'use the ./celeroot at the root of the checkout: it builds the program first',
    });
  }
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-program-'));
  try {
    await symlink(node, join(folder, 'node'));
    for (const file of await programFiles(program)) await symlink(file, join(folder, basename(file)));
    await writeFile(join(folder, 'celeroot'), LAUNCHER, { mode: 0o755 });
    await writeFile(join(folder, WORKER_UNIT), UNIT, { mode: 0o644 });
    const owner = ['--owner=root:0', '--group=root:0', '--sort=name', '--dereference'];
    await pumpCommand(['tar', '--create', '--gzip', ...owner, '--directory', folder, '.'], pump);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Node needs one library that a minimal Debian lacks; its absence gets the usual kind of error. */
const LAUNCHER = `#!/bin/sh
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
exec "$folder/node" --disable-sigusr1 "$folder/celeroot.cjs" "$@"
`;

/** apt runs in units of its own, so stopping this one never stops apt. */
const UNIT = `[Unit]
Description=celeroot worker
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=${PROGRAM_FOLDER}/celeroot worker /etc/celeroot/worker.yaml
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=60
Environment=MALLOC_ARENA_MAX=1

[Install]
WantedBy=multi-user.target
`;
