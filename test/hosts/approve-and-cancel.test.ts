import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';
import { runStory, type RunStory } from '../support/run-story.ts';

/** Plans that a person approved, and runs that a person takes back, on real hosts. */
let lab: TestLab;
let web1: TestHost;
let web2: TestHost;

before(async () => {
  lab = await openLab({ hosts: 2 });
  [web1 = assert.fail('no web1'), web2 = assert.fail('no web2')] = lab.hosts;
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await lab.publish('base');
  for (const host of lab.hosts) {
    await host.reset();
    await host.must(['apt-get', 'update', '--error-on=any']);
    await host.startWorker();
  }
  for (const host of lab.hosts) await host.workerOnline();
});

async function celeroot(expectedCode: number, ...argv: string[]): Promise<RunStory> {
  const { code, stdout, stderr } = await lab.celeroot([...argv, '--json']);
  assert.equal(code, expectedCode, `${argv.join(' ')}: ${stdout}${stderr}`);
  return runStory(stdout);
}

async function latestRun(): Promise<string> {
  const { stdout } = await lab.celeroot(['runs', 'ls', '--json']);
  const { runs } = z.object({ runs: z.array(z.object({ id: z.string() })) }).parse(JSON.parse(stdout));
  return runs[0]?.id ?? assert.fail('there is no run');
}

async function version(host: TestHost, name: string): Promise<string> {
  const { stdout } = await host.run(['dpkg-query', '-W', '-f', '${Version} ${db:Status-Abbrev}', name]);
  return stdout.trim();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await condition()) return;
    await sleep(50);
  }
  assert.fail('what the test waits for does not happen');
}

test('an approved plan is carried out where it still holds, and refused where it no longer does', async () => {
  await celeroot(0, 'apt', 'install', 'lab-app', '--role', 'webserver', '--dry-run');
  const approved = await latestRun();
  await lab.publish('updates');
  await celeroot(0, 'apt', 'update', '--host', 'web2');

  const applied = await celeroot(1, 'apply', approved);

  assert.equal(applied.result('web1').status, 'changed');
  assert.equal(await version(web1, 'lab-app'), '1.0 ii');
  assert.equal(applied.result('web2').failure?.kind, 'plan_stale');
  assert.equal(await version(web2, 'lab-app'), '');
});

test('a job that waits for its host is taken back', async () => {
  await web2.stopWorker();
  await celeroot(6, 'apt', 'install', 'hello-lab', '--host', 'web2');

  await celeroot(0, 'runs', 'cancel', await latestRun());
  await web2.startWorker();
  await web2.workerOnline();
  await celeroot(0, 'system', 'ping', '--host', 'web2');

  assert.equal(await version(web2, 'hello-lab'), '');
});

test('a job in the middle of dpkg’s work ends that work and tells what it did', async () => {
  await web1.must(['sh', '-c', 'echo 3 >/etc/lab-slow']);
  await celeroot(0, 'apt', 'install', 'lab-slow', '--host', 'web1', '--detach');
  const run = await latestRun();
  await until(async () => (await version(web1, 'lab-slow')).endsWith('iF'));

  await celeroot(0, 'runs', 'cancel', run);
  const { stdout } = await lab.celeroot(['runs', 'show', run, '--follow', '--json']);

  const outcome = runStory(stdout).result('web1');
  assert.deepEqual(
    outcome.transaction?.changes.map((change) => `${change.package} ${change.to}`),
    ['lab-slow 1.0'],
  );
  assert.equal(await version(web1, 'lab-slow'), '1.0 ii');
  assert.equal(await web1.must(['dpkg', '--audit']), '');
});

test('a job in its download is broken off and installs nothing', async () => {
  await web1.must(['sh', '-c', 'echo \'Acquire::http::Dl-Limit "1";\' >/etc/apt/apt.conf.d/99slow']);
  await celeroot(0, 'apt', 'install', 'lab-heavy', '--host', 'web1', '--detach');
  const run = await latestRun();
  await until(async () => (await web1.run(['pgrep', '-f', '/usr/lib/apt/methods/http'])).code === 0);

  await celeroot(0, 'runs', 'cancel', run);
  const { stdout } = await lab.celeroot(['runs', 'show', run, '--follow', '--json']);

  assert.equal(runStory(stdout).result('web1').status, 'cancelled');
  assert.equal(await version(web1, 'lab-heavy'), '');
  assert.equal(await web1.must(['dpkg', '--audit']), '');
});
