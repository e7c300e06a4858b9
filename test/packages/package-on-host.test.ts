import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { programFolder } from '../../lab/install-celeroot.ts';
import { run } from '../../lab/run-command.ts';
import { buildCopy, buildNextPackage, NEXT_VERSION, type BuiltCopy } from '../support/built-package.ts';
import { assertOneTrueResult, beginInstall, stateOf } from '../support/crash-scene.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WORKER = 'celeroot-worker.service';
/** As hosts see it; outside it is a folder of the lab. */
const REPOSITORY = '/opt/celeroot/packages';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let built: BuiltCopy;
let lab: TestLab;
let host: TestHost;

before(async () => {
  folder = await temporaryFolder();
  built = await buildCopy(join(folder.path, 'copy'));
  lab = await openLab({ hosts: 1, workers: false, systemd: true });
  [host = assert.fail('the lab has no host')] = lab.hosts;
  await publishPackage(built.package);
  // What the lab has instead of the package.
  await host.must(['rm', '/usr/local/bin/celeroot', `/etc/systemd/system/${WORKER}`]);
  await host.must(['mv', '/etc/celeroot/worker.yaml', '/root/worker.yaml']);
  await host.must([
    'sh',
    '-c',
    `echo 'deb [trusted=yes] file:${REPOSITORY} ./' >/etc/apt/sources.list.d/celeroot.list`,
  ]);
  await host.must(['apt-get', 'update', '-q', '--error-on=any']);
  await host.must(['apt-get', 'install', '-q', '--yes', '--no-install-recommends', 'celeroot']);
});
after(async () => {
  await lab[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test('the worker waits, without failing, until the host is told who it is', async () => {
  assert.equal(await host.must(['systemctl', 'is-enabled', WORKER]), 'enabled\n');
  assert.equal((await host.run(['systemctl', 'is-active', WORKER])).stdout, 'inactive\n');
  assert.equal((await host.run(['systemctl', 'is-failed', WORKER])).stdout, 'inactive\n');

  await host.must(['mv', '/root/worker.yaml', '/etc/celeroot/worker.yaml']);
  await host.startWorker();

  await host.workerOnline();
});

test('executors of the single executable install packages', async () => {
  await assertOneTrueResult(host, beginInstall(lab, host, ['hello-lab']), ['hello-lab']);
});

test('a job that upgrades celeroot itself restarts the worker, and has one true result', async () => {
  const worker = await host.must(['systemctl', 'show', '--property=MainPID', WORKER]);
  await publishPackage(await buildNextPackage(built));
  await host.must(['apt-get', 'update', '-q', '--error-on=any']);

  const upgrade = await lab.celeroot(['apt', 'install', 'celeroot', '--latest', '--host', host.name, '--wait']);

  assert.equal(upgrade.code, 0, upgrade.stdout + upgrade.stderr);
  assert.equal(await host.must(['dpkg-query', '-W', '-f', '${Version}', 'celeroot']), NEXT_VERSION);
  assert.equal(await stateOf(host, 'celeroot'), 'ii');
  assert.equal(await host.must(['dpkg', '--audit']), '');
  assert.notEqual(await host.must(['systemctl', 'show', '--property=MainPID', WORKER]), worker);
  assert.equal(await host.must(['systemctl', 'is-active', WORKER]), 'active\n');
});

test('an upgrade leaves a worker disabled that the administrator has disabled', async () => {
  await host.must(['systemctl', 'disable', '--now', WORKER]);

  await host.must(['dpkg', '--install', `${REPOSITORY}/${basename(built.package)}`]);

  assert.equal((await host.run(['systemctl', 'is-enabled', WORKER])).stdout, 'disabled\n');
  assert.equal((await host.run(['systemctl', 'is-active', WORKER])).stdout, 'inactive\n');
});

test('a purge stops the worker and takes all that is celeroot’s', async () => {
  await host.must(['systemctl', 'enable', '--now', WORKER]);

  await host.must(['apt-get', 'purge', '-q', '--yes', 'celeroot']);

  assert.equal((await host.run(['systemctl', 'is-active', WORKER])).stdout, 'inactive\n');
  for (const path of ['/usr/bin/celeroot', '/etc/celeroot', '/var/lib/celeroot']) {
    assert.equal((await host.run(['test', '-e', path])).code, 1, path);
  }
  assert.equal((await host.run(['systemctl', 'cat', WORKER])).code, 1);
});

/** Adds a package to the repository that hosts see. */
async function publishPackage(file: string): Promise<void> {
  const repository = join(programFolder(lab.paths), basename(REPOSITORY));
  await mkdir(repository, { recursive: true });
  await copyFile(file, join(repository, basename(file)));
  await writeFile(join(repository, 'Packages'), await run(['apt-ftparchive', 'packages', '.'], { cwd: repository }));
}
