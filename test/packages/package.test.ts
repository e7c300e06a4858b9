import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import { enterRootArgv, minimalRoot } from '../../lab/minimal-root.ts';
import { labPaths } from '../../lab/paths.ts';
import { attempt, run } from '../../lab/run-command.ts';
import { VERSION } from '../../src/core/version.ts';
import { buildCopy, buildNextPackage, NEXT_VERSION, type BuiltCopy } from '../support/built-package.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const RELEASES = ['bullseye', 'bookworm', 'trixie'] as const;
const FLEET = `version: 1
fleet: test
roots: [ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=]
broker: { url: "redis://127.0.0.1:1" }
roles: { web: { description: none } }
hosts: { web1: { roles: [web] } }
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let built: BuiltCopy;
let next: string;
let roots: Map<string, string | null>;

before(async () => {
  folder = await temporaryFolder();
  const { cache } = labPaths('none');
  const entries = RELEASES.map(async (release) => [release, await minimalRoot(cache, release)] as const);
  built = await buildCopy(join(folder.path, 'one'));
  next = await buildNextPackage(built);
  await writeFile(join(built.dist, 'celeroot.yaml'), FLEET);
  roots = new Map(await Promise.all(entries));
});
after(async () => {
  await folder[Symbol.asyncDispose]();
});

// Most of their time they wait for a disk or for one core.
describe('the package', { concurrency: 3 }, () => {
  test('a build elsewhere, at another time and with other habits gives the same bytes', async () => {
    const other = join(folder.path, 'a much longer name than that');
    const again = await buildCopy(other, { umask: '077', env: { TZ: 'Pacific/Chatham', LC_ALL: 'C' } });

    assert.equal(await digest(again.executable), await digest(built.executable));
    assert.equal(await digest(again.package), await digest(built.package));
  });

  test('lintian finds no error in the package', async () => {
    // Only this package of a test is not compressed.
    const tags = 'uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball';
    const { code, stdout } = await attempt(['lintian', '--allow-root', '--suppress-tags', tags, built.package]);

    assert.equal(code, 0, stdout);
    assert.equal(stdout, '');
  });

  for (const release of RELEASES) {
    test(`on a minimal ${release} the package installs, upgrades and leaves nothing behind`, async (context) => {
      const lower = roots.get(release) ?? null;
      if (lower === null) return context.skip(`the mirror of this machine has no ${release}`);
      const { must, ran } = await enter(lower, release);
      const install = async (file: string): Promise<string> =>
        await must(['apt-get', 'install', '--yes', '--no-install-recommends', `/mnt/${basename(file)}`]);
      const clean = await everyFile(must);

      await install(built.package);

      assert.equal(await must(['celeroot', '--version']), `${VERSION}\n`);
      assert.match(await must(['celeroot', '--config', '/mnt/celeroot.yaml', 'hosts', 'ls']), /^web1 +web /m);
      assert.equal(await must(['stat', '--format=%a %U', '/etc/celeroot']), '700 root\n');
      const wanted = '/etc/systemd/system/multi-user.target.wants/celeroot-worker.service';
      assert.match(await must(['readlink', wanted]), /\/lib\/systemd\/system\/celeroot-worker\.service$/m);
      assert.equal((await ran(['test', '-e', '/usr/bin/node'])).code, 1);

      await must(['sh', '-c', 'echo mine >/etc/celeroot/worker.yaml; mkdir -p /var/lib/celeroot/jobs']);
      await install(next);

      assert.equal(await must(['dpkg-query', '--show', 'celeroot']), `celeroot\t${NEXT_VERSION}\n`);
      assert.equal(await must(['dpkg', '--verify', 'celeroot']), '');
      assert.equal(await must(['cat', '/etc/celeroot/worker.yaml']), 'mine\n');

      await must(['apt-get', 'remove', '--yes', 'celeroot']);

      assert.equal((await ran(['test', '-e', '/usr/bin/celeroot'])).code, 1);
      assert.equal(await must(['cat', '/etc/celeroot/worker.yaml']), 'mine\n');

      await must(['apt-get', 'purge', '--yes', 'celeroot']);
      await must(['apt-get', 'autoremove', '--purge', '--yes']);

      assert.equal(await must(['dpkg', '--audit']), '');
      const now = await everyFile(must);
      assert.deepEqual([...now.difference(clean)], [], 'left behind');
      assert.deepEqual([...clean.difference(now)], [], 'taken away');
    });
  }
});

type Entered = {
  readonly ran: (argv: readonly string[]) => ReturnType<typeof attempt>;
  readonly must: (argv: readonly string[]) => Promise<string>;
};

async function enter(lower: string, name: string): Promise<Entered> {
  const place = join(folder.path, name);
  for (const part of ['upper', 'work', 'root']) await mkdir(join(place, part), { recursive: true });
  const argv = (program: readonly string[]): string[] => enterRootArgv({ lower, place, shared: built.dist }, program);
  return { ran: (program) => attempt(argv(program)), must: (program) => run(argv(program)) };
}

/** What apt and dpkg write down of every installation, and what is made anew from what is installed. */
const RECORDS =
  /^\/(?:var\/log|var\/cache\/(?:apt|ldconfig|debconf)|var\/lib\/apt|var\/lib\/dpkg\/[^/]+-old|etc\/ld\.so\.cache)/;

/** Each file of the system by its kind, mode and owner, and the packages with their states. */
async function everyFile(must: Entered['must']): Promise<ReadonlySet<string>> {
  const files = await must(['find', '/', '-xdev', '-printf', '%p %y %m %u:%g %l\n']);
  const packages = await must(['dpkg-query', '--show', '--showformat=${Package} ${Version} ${Status}\n']);
  return new Set([...files.split('\n').filter((line) => !RECORDS.test(line)), ...packages.split('\n')]);
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
