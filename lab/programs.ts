import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { RejectedError } from '../src/core/errors.ts';

/** Programs the lab starts, with the Debian package that has them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'apt-ftparchive': 'apt-utils',
  debootstrap: 'debootstrap',
  'dpkg-deb': 'dpkg',
  flock: 'util-linux',
  gpg: 'gnupg',
  ip: 'iproute2',
  nsenter: 'util-linux',
  'redis-cli': 'redis-tools',
  'redis-server': 'redis-server',
  unshare: 'util-linux',
};
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Says at once all that is missing for a lab on this machine. */
export function checkPrograms(): void {
  if (process.getuid?.() !== 0) {
    throw new RejectedError('NOT_ROOT', 'the lab makes namespaces and mounts, which needs root');
  }
  const missing = Object.keys(PROGRAMS).filter(
    (program) => !FOLDERS.some((folder) => isProgram(join(folder, program))),
  );
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PROGRAMS[program]))];
  throw new RejectedError('MISSING_PROGRAM', `the lab needs ${missing.join(', ')}`, {
    hint: `apt-get install --no-install-recommends ${packages.join(' ')}`,
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
