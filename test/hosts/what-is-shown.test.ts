import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';
import { waitUntil } from '../support/redis.ts';

/** What an operator reads about a real host and what was done there. */
let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1 });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
beforeEach(async () => {
  await lab.publish('base');
  await host.reset();
  await host.must(['apt-get', 'update', '-q', '--error-on=any']);
  await host.startWorker();
  await host.workerOnline();
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

async function celeroot(...argv: string[]): Promise<string> {
  const { stdout, stderr } = await lab.celeroot(argv);
  return stdout + stderr;
}

async function offerUpdates(): Promise<void> {
  await lab.publish('updates');
  await host.must(['apt-get', 'update', '-q', '--error-on=any']);
}

test('right after a job the facts are said to be from before it, and soon they are new', async () => {
  const upgrades = /^web1 .* online .* \d+(?: \(before the last job\))? +no /m;
  await waitUntil(async () => upgrades.test(await celeroot('hosts', 'ls')), 'the first facts', 30_000);

  await celeroot('apt', 'install', 'hello-lab=1.0', '--host', 'web1');

  assert.match(await celeroot('hosts', 'ls'), / 0 \(before the last job\) /);
  await waitUntil(async () => / 1 +no /.test(await celeroot('hosts', 'ls')), 'the new facts', 30_000);
});

test('a plan names what is kept back and why, also in JSON, and a result names what is held', async () => {
  await host.must(['apt-get', '-q', '-y', 'install', 'hello-lab', 'lab-lib', 'linux-image-lab']);
  await host.must(['apt-mark', 'hold', 'lab-lib']);
  await offerUpdates();

  const plan = await celeroot('apt', 'upgrade', '--host', 'web1', '--dry-run');
  const json = await celeroot('runs', 'show', 'latest', '--json');
  const result = await celeroot('runs', 'show', 'latest', '--host', 'web1');

  assert.match(plan, /^ +hello-lab 1\.1 → 2\.0$/m);
  assert.match(plan, /^ +kept back {2}lab-lib 1\.0 → 2\.0: held on the host$/m);
  assert.match(plan, /^ +kept back {2}linux-image-lab 6\.1\.1 → 6\.1\.2: excluded by a role or the order$/m);
  assert.partialDeepStrictEqual(JSON.parse(json), {
    plans: [{ hosts: ['web1'], keptBack: [{ package: 'lab-lib', reason: 'held', hosts: ['web1'] }] }],
  });
  assert.match(result, /^held by the administrator: lab-lib:amd64$/m);
});

test('apply as a dry run says whether the plan still holds, and changes nothing', async () => {
  await celeroot('apt', 'install', 'hello-lab', '--host', 'web1', '--dry-run');
  const [, approved = ''] = /celeroot apply (\w{26})/.exec(await celeroot('runs', 'show', 'latest')) ?? [];

  const holds = await celeroot('apply', approved, '--dry-run');
  await offerUpdates();
  const stale = await celeroot('apply', approved, '--dry-run');

  assert.match(holds, /^ +hello-lab 1\.1$/m);
  assert.doesNotMatch(holds, /✗/);
  assert.match(stale, /✗ not the transaction that was approved; it would now be: hello-lab 2\.0/);
  assert.notEqual((await host.run(['dpkg-query', '-W', 'hello-lab'])).code, 0);
});

test('what fails the same way again is not to be retried', async () => {
  await host.must(['apt-get', '-q', '-y', 'install', 'lab-app']);

  const said = await celeroot('apt', 'remove', 'lab-lib', '--host', 'web1');

  assert.match(said, /^ +a retry would fail the same way:\n +if that is meant, add: --allow-remove lab-app$/m);
  assert.doesNotMatch(said, /runs retry/);
});

test('a worker started while the one before still ends begins when that has ended', async () => {
  await host.must(['sh', '-c', 'echo 4 >/etc/lab-slow']);
  await celeroot('apt', 'install', 'lab-slow', '--host', 'web1', '--detach');
  await waitUntil(async () => (await host.run(['pgrep', '-x', 'dpkg'])).code === 0, 'dpkg to run', 30_000);

  const stopping = host.stopWorker();
  await waitUntil(async () => /ending|draining|stop/i.test(await host.workerLog()), 'the worker to end', 30_000);
  await Promise.all([host.startWorker(), stopping]);

  await host.workerOnline();
  assert.match(await celeroot('system', 'ping', '--host', 'web1'), /pong/);
});
