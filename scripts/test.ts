import { spawnSync } from 'node:child_process';
import { hasProgram } from '../src/host/find-program.ts';

/**
 * `npm test`: makes sure of the Debian packages the tests drive, then runs the checks and every ring but `packages`,
 * which is for who changes or ships those, and stops at the first that fails. `npm test -- redis` runs only the rings
 * named.
 */
const RINGS: Readonly<Record<string, string>> = {
  check: 'types, lint, format, dead code, layers, docs, unit tests',
  cli: 'the command line in process',
  executor: 'executors as real processes',
  redis: 'real Redis: single, TLS, Sentinel, Cluster',
  hosts: 'real Debian hosts in namespaces',
  packages: 'the Debian package on Debian 11, 12 and 13, and joining by SSH',
};
const USUAL = Object.keys(RINGS).filter((ring) => ring !== 'packages');

/** Program the tests start, and the Debian package that has it. */
const NEEDED: readonly (readonly [program: string, debianPackage: string])[] = [
  ['redis-server', 'redis-server'],
  ['debootstrap', 'debootstrap'],
  ['ip', 'iproute2'],
  ['dpkg-deb', 'dpkg'],
  ['apt-ftparchive', 'apt-utils'],
  ['gpg', 'gpg'],
  ['openssl', 'openssl'],
  ['nsenter', 'util-linux'],
  ['git', 'git'],
];
const NEEDED_FOR_PACKAGES: typeof NEEDED = [
  ['lintian', 'lintian'],
  ['strip', 'binutils'],
  ['wget', 'wget'],
  ['ssh', 'openssh-client'],
];

const asked = process.argv.slice(2);
const unknown = asked.filter((ring) => !(ring in RINGS));
if (unknown.length > 0) {
  console.error(`no ring called ${unknown.join(', ')}; there are ${Object.keys(RINGS).join(', ')}`);
  process.exitCode = 2;
} else {
  const rings = asked.length > 0 ? asked : USUAL;
  const needed = rings.includes('packages') ? [...NEEDED, ...NEEDED_FOR_PACKAGES] : NEEDED;
  process.exitCode = (await installMissing(needed)) ? runRings(rings) : 1;
}

async function installMissing(needed: typeof NEEDED): Promise<boolean> {
  const packages: string[] = [];
  for (const [program, debianPackage] of needed) if (!(await hasProgram(program))) packages.push(debianPackage);
  if (packages.length === 0) return true;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0) {
    console.error(`the tests need Debian packages that are not installed; run:\n  sudo ${install.join(' ')}`);
    return false;
  }
  console.log(`installing what the tests need: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return [['apt-get', 'update', '-qq'], install].every(([program = '', ...args]) => {
    const { status } = spawnSync(program, args, { stdio: 'inherit', env });
    return status === 0;
  });
}

function runRings(rings: readonly string[]): number {
  for (const ring of rings) {
    console.log(`\n== ${ring}: ${RINGS[ring] ?? ''}`);
    const script = ring === 'check' ? 'check' : `test:${ring}`;
    const { status } = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' });
    if (status !== 0) {
      console.error(`\nring ${ring} failed; again with: npm test -- ${ring}`);
      return 1;
    }
  }
  return 0;
}
