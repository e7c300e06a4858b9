import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce } from './cache.ts';
import { findMirror } from './mirror.ts';
import { run } from './run-command.ts';

const RELEASE = 'bookworm';
/** Raise it when the base changes; hosts of running labs keep the one they stand on. */
const VERSION = 6;
/**
 * What a lab host has beyond a minimal Debian: Node's one missing library, systemd for hosts that boot it, Redis and
 * openssl for `celeroot up`, and what the bench needs to drive hosts with SSH (Ansible has its apt module in Python).
 */
const EXTRA = [
  'libatomic1',
  'systemd',
  'systemd-sysv',
  'dbus',
  'procps',
  'redis-server',
  'openssl',
  'openssh-server',
  'python3',
  'python3-apt',
];

/** What would start services by itself: Debian enables them when they are installed. */
const SERVICES = [
  'multi-user.target.wants/redis-server.service',
  'multi-user.target.wants/ssh.service',
  'sshd.service',
];

/** SSH keys that all hosts of all labs would share. */
const HOST_KEYS = ['ecdsa', 'ed25519', 'rsa'].flatMap((kind) => [`ssh_host_${kind}_key`, `ssh_host_${kind}_key.pub`]);

/** What debootstrap leaves of the machine it ran on, of the mirror, and of installing services. */
const FOREIGN = [
  ...SERVICES.map((unit) => `etc/systemd/system/${unit}`),
  ...HOST_KEYS.map((file) => `etc/ssh/${file}`),
  'etc/apt/sources.list',
  'etc/hostname',
  'etc/machine-id',
  'etc/resolv.conf',
  'var/cache/apt',
  'var/lib/apt/lists',
];

/** The root file system all hosts share below their own overlay: Debian as debootstrap makes it, once. */
export async function baseRoot(cache: string): Promise<string> {
  return await buildOnce(cache, `base-${RELEASE}-${VERSION}`, async (folder) => {
    const mirror = await findMirror(RELEASE);
    console.log(`lab: making the base file system of Debian ${RELEASE} from ${mirror} (once, about a minute)`);
    await run(['debootstrap', '--variant=minbase', `--include=${EXTRA.join(',')}`, RELEASE, folder, mirror]);
    await adapt(folder);
  });
}

async function adapt(root: string): Promise<void> {
  for (const path of FOREIGN) {
    await rm(join(root, path), { recursive: true, force: true });
  }
  for (const path of ['var/cache/apt/archives', 'var/lib/apt/lists', 'opt/celeroot', 'etc/celeroot']) {
    await mkdir(join(root, path), { recursive: true });
  }
  await symlink('/opt/celeroot/celeroot', join(root, 'usr/local/bin/celeroot'));
}
