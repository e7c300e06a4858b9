import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce } from '../cache.ts';
import { run } from '../run-command.ts';
import { buildPackage } from './build-package.ts';
import type { LabPackage, Suite, Wave } from './package.ts';
import { PACKAGES } from './packages.ts';

/**
 * What the repository shows: `base` is the old versions, `updates` adds the new ones, `pruned` has only the newest
 * of each package, as a mirror does that threw the others away. A host goes from one to a later one; to get back, reset it.
 */
export const STAGES = ['base', 'updates', 'pruned'] as const;
export type Stage = (typeof STAGES)[number];

const SUITES: readonly { readonly name: Suite; readonly label: string }[] = [
  { name: 'lab', label: 'Lab' },
  { name: 'lab-security', label: 'Lab-Security' },
];
/** Raise it when the repository is built in another way from the same packages. */
const FORMAT = 2;
const WAVES: readonly Wave[] = ['base', 'updates'];

/**
 * The signed repository with all stages, built once per set of packages: `pool/`, `stages/<stage>/dists/` and
 * `celeroot-lab.gpg`, the public key hosts trust.
 */
export async function builtRepository(cache: string): Promise<string> {
  const key = createHash('sha256')
    .update(`${FORMAT} ${JSON.stringify(PACKAGES)}`)
    .digest('hex')
    .slice(0, 12);
  return await buildOnce(cache, `repository-${key}`, async (folder) => {
    console.log(`lab: building ${PACKAGES.length} packages and signing their repository (once)`);
    const arch = (await run(['dpkg', '--print-architecture'])).trim();
    for (const made of PACKAGES) {
      const pool = join(folder, 'pool', made.suite, made.wave);
      await mkdir(pool, { recursive: true });
      await buildPackage(made, pool, arch);
    }
    await using signer = await makeSigner(folder);
    for (const [index, stage] of STAGES.entries()) {
      const date = publishedAt(index);
      for (const suite of SUITES) {
        const dists = join(folder, 'stages', stage, 'dists', suite.name);
        await writeSuite({
          folder,
          dists,
          arch,
          packages: await packagesOf(folder, suite.name, stage),
          date,
          ...suite,
        });
        await signer.sign(dists);
      }
    }
  });
}

/** Each stage a minute after the one before it and none in the future: apt refuses news that are older than its own. */
function publishedAt(index: number): string {
  return new Date(Date.now() - (STAGES.length - index) * 60_000).toUTCString();
}

/** The `Packages` file of a suite at a stage, from what apt-ftparchive says about the pool. */
async function packagesOf(folder: string, suite: Suite, stage: Stage): Promise<string> {
  const waves = stage === 'base' ? WAVES.slice(0, 1) : WAVES;
  let all = '';
  for (const wave of waves) {
    await mkdir(join(folder, 'pool', suite, wave), { recursive: true });
    all += await run(['apt-ftparchive', 'packages', `pool/${suite}/${wave}`], { cwd: folder });
  }
  if (stage !== 'pruned') return all;
  const stanzas = all.split(/\n\n+/).filter((stanza) => stanza !== '');
  return stanzas.map((stanza) => (isNewest(stanza) ? `${stanza}\n\n` : '')).join('');
}

/** PACKAGES lists the versions of a package from old to new. */
function isNewest(stanza: string): boolean {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1];
  const newest = PACKAGES.findLast((made: LabPackage) => made.name === field('Package'));
  return newest?.version === field('Version');
}

type SuiteFiles = {
  readonly folder: string;
  readonly dists: string;
  readonly arch: string;
  readonly packages: string;
  readonly name: Suite;
  readonly label: string;
  readonly date: string;
};

async function writeSuite(suite: SuiteFiles): Promise<void> {
  const binary = join(suite.dists, 'main', `binary-${suite.arch}`);
  await mkdir(binary, { recursive: true });
  await writeFile(join(binary, 'Packages'), suite.packages);
  const release = {
    Origin: 'Celeroot Lab',
    Label: suite.label,
    Suite: suite.name,
    Codename: suite.name,
    Architectures: suite.arch,
    Components: 'main',
  };
  const options = Object.entries(release).flatMap(([field, value]) => [
    '-o',
    `APT::FTPArchive::Release::${field}=${value}`,
  ]);
  const text = await run(['apt-ftparchive', ...options, 'release', suite.dists]);
  await writeFile(join(suite.dists, 'Release'), text.replace(/^Date: .*$/m, `Date: ${suite.date}`));
}

type Signer = AsyncDisposable & { sign(dists: string): Promise<void> };

/** A key that lives only as long as the building: what it signed stays, nobody can sign again. */
async function makeSigner(folder: string): Promise<Signer> {
  // A short path: gpg's agent listens on a socket in it, and the path of a socket has 107 bytes at most.
  const home = await mkdtemp('/tmp/lab-gpg-');
  const gpg = ['gpg', '--homedir', home, '--batch', '--quiet', '--yes'];
  await run([...gpg, '--passphrase', '', '--quick-generate-key', 'celeroot lab', 'ed25519', 'sign', 'never']);
  await run([...gpg, '--output', join(folder, 'celeroot-lab.gpg'), '--export']);
  return {
    async sign(dists) {
      await run([...gpg, '--clearsign', '--output', join(dists, 'InRelease'), join(dists, 'Release')]);
    },
    async [Symbol.asyncDispose]() {
      await run(['gpgconf', '--homedir', home, '--kill', 'all']);
      await rm(home, { recursive: true, force: true });
    },
  };
}
