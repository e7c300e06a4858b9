import { CommandError } from '../src/core/errors.ts';
import { buildOnce } from './cache.ts';
import { findMirror } from './mirror.ts';
import { attempt, run } from './run-command.ts';

/** Raise it when the roots are made in another way. */
const VERSION = 1;
const RELEASE_OF_THE_LAB = 'bookworm';

/** What celeroot's package needs beyond the smallest system: apt has it at hand, and installs it without a network. */
const NEEDED = ['libatomic1'];

/**
 * The smallest root file system debootstrap makes of a Debian release, made once: what a package has to install on.
 * Null when the mirror this machine uses does not have that release.
 */
export async function minimalRoot(cache: string, release: string): Promise<string | null> {
  const mirror = (await findMirror(RELEASE_OF_THE_LAB)).replace(/\/*$/, '');
  if (!(await hasRelease(mirror, release))) return null;
  return await buildOnce(cache, `minimal-${release}-${VERSION}`, async (folder) => {
    console.log(`lab: making a minimal Debian ${release} from ${mirror} (once, about a minute)`);
    await run(['debootstrap', '--variant=minbase', release, folder, mirror]);
    for (const argv of [
      ['apt-get', 'update', '--error-on=any'],
      ['apt-get', 'install', '--download-only', '--yes', ...NEEDED],
    ]) {
      await run(['chroot', folder, ...argv]);
    }
  });
}

/** wget ends with 8 when a server answers that there is no such thing. debootstrap needs wget anyway. */
async function hasRelease(mirror: string, release: string): Promise<boolean> {
  const { code, stderr } = await attempt(['wget', '--no-verbose', '--spider', `${mirror}/dists/${release}/Release`]);
  if (code === 0 || code === 8) return code === 0;
  throw new CommandError('COMMAND_FAILED', `the mirror ${mirror} does not answer: ${stderr.trim()}`);
}

/** Shown a root in place of its own, with nothing of this machine but its kernel: no network and none of its processes. */
const ENTER = `
lower=$1 place=$2 shared=$3
shift 3
mount -t overlay -o "lowerdir=$lower,upperdir=$place/upper,workdir=$place/work" overlay "$place/root"
mount -t proc proc "$place/root/proc"
mount --bind "$shared" "$place/root/mnt"
exec chroot "$place/root" "$@"`;

export type EnteredRoot = {
  /** The root below the overlay, which stays as it is. */
  readonly lower: string;
  /** A folder with `upper`, `work` and `root` in it; `upper` gets what is written. */
  readonly place: string;
  /** What is seen as /mnt. */
  readonly shared: string;
};

/** The argument list that runs a program as root in a minimal root, in namespaces that end with it. */
export function enterRootArgv({ lower, place, shared }: EnteredRoot, argv: readonly string[]): string[] {
  const namespaces = ['--mount', '--net', '--pid', '--uts', '--ipc', '--fork', '--kill-child'];
  const environment = [
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    'HOME=/root',
    'LC_ALL=C',
    'DEBIAN_FRONTEND=noninteractive',
  ];
  const program = ['env', '-i', ...environment, ...argv];
  return ['unshare', ...namespaces, '--', 'sh', '-euc', ENTER, 'sh', lower, place, shared, ...program];
}
