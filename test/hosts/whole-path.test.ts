import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';
import { runStory, type RunStory } from '../support/run-story.ts';

/** From the command line through Redis, the worker and the executor to apt, and back. */
let lab: TestLab;

before(async () => {
  lab = await openLab({ hosts: 3 });
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await lab.publish('base');
  await Promise.all(lab.hosts.map(renew));
});

async function renew(host: TestHost): Promise<void> {
  await host.reset();
  await host.must(['apt-get', 'update', '--error-on=any']);
  await host.startWorker();
  await host.workerOnline();
}

function hostNamed(name: string): TestHost {
  return lab.hosts.find((host) => host.name === name) ?? assert.fail(`no host ${name}`);
}

async function versions(host: TestHost, ...packages: string[]): Promise<string> {
  const { stdout } = await host.run([
    'dpkg-query',
    '-W',
    '-f',
    '${Package} ${Version} ${db:Status-Abbrev}\n',
    ...packages,
  ]);
  return stdout;
}

async function mustRun(...argv: string[]): Promise<RunStory> {
  const { code, stdout, stderr } = await lab.celeroot([...argv, '--json']);
  assert.equal(code, 0, `${argv.join(' ')}: ${stdout}${stderr}`);
  return runStory(stdout);
}

/** The run is over on every host when this returns. */
async function story(): Promise<RunStory> {
  return await mustRun('runs', 'show', 'latest', '--follow');
}

async function assertClean(host: TestHost): Promise<void> {
  assert.equal(await host.must(['dpkg', '--audit']), '');
  assert.equal(await host.must(['find', '/var/lib/dpkg/updates', '-type', 'f']), '');
  await host.must(['apt-get', 'check']);
}

/** How often apt was told to install the package. */
async function installsOf(host: TestHost, name: string): Promise<number> {
  const { stdout } = await host.run(['grep', '-cE', `^Commandline:.* install .*${name}`, '/var/log/apt/history.log']);
  return Number(stdout);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await condition()) return;
    await sleep(50);
  }
  assert.fail('what the test waits for does not happen');
}

test('an install on three hosts ends with what dpkg says, and doing it again changes nothing', async () => {
  const first = await mustRun('apt', 'install', 'lab-app', '--role', 'webserver');

  for (const host of lab.hosts) {
    const outcome = first.result(host.name);
    assert.equal(outcome.status, 'changed');
    const changes = outcome.transaction?.changes.map(({ package: name, from, to }) => `${name} ${from} ${to}`);
    assert.deepEqual(changes, ['lab-app null 1.0', 'lab-extras null 1:1.0-1', 'lab-lib null 1.0']);
    const phases = ['accepted', 'planning', 'plan', 'downloading', 'committing', 'verifying', 'done'];
    assert.deepEqual(first.steps(host.name), phases);
    const installed = 'lab-app 1.0 ii \nlab-extras 1:1.0-1 ii \nlab-lib 1.0 ii \n';
    assert.equal(await versions(host, 'lab-app', 'lab-extras', 'lab-lib'), installed);
  }

  const second = await mustRun('apt', 'install', 'lab-app', '--role', 'webserver');

  for (const host of lab.hosts) {
    assert.equal(second.result(host.name).status, 'unchanged');
    assert.deepEqual(second.steps(host.name), ['accepted', 'done']);
    assert.equal(await installsOf(host, 'lab-app'), 1);
  }
});

test('the command line shows an install as it goes on, one line of result for each host', async () => {
  const { code, stdout } = await lab.celeroot(['apt', 'install', 'hello-lab', '--role', 'webserver']);

  assert.equal(code, 0);
  assert.match(stdout, /^web1 \| committing$/m);
  for (const host of lab.hosts) assert.match(stdout, new RegExp(`^${host.name} \\| changed  hello-lab 1\\.1 `, 'm'));
  assert.match(stdout, /3 of 3 done, 3 changed/);
});

test('a dry run groups equal transactions, names the removal and changes nothing', async () => {
  await mustRun('apt', 'install', 'lab-web', '--role', 'webserver');
  await mustRun('apt', 'install', 'hello-lab', '--host', 'web3');
  await lab.publish('updates');
  await mustRun('apt', 'update', '--all');

  const upgrade = ['apt', 'upgrade', '--mode', 'full', '--role', 'webserver'];
  const { code, stdout } = await lab.celeroot([...upgrade, '--dry-run']);

  assert.equal(code, 0, stdout);
  const plan = stdout.slice(stdout.indexOf('Plan for'));
  assert.match(plan, /^Plan for 3 hosts, 2 (different )?transactions$/m);
  assert.match(plan, /^ +A +web1, web2 .*1 REMOVED$/m);
  assert.match(plan, /^ +B +web3 .*1 REMOVED$/m);
  assert.match(plan, /--allow-remove lab-engine1/);
  for (const host of lab.hosts)
    assert.match(await versions(host, 'lab-web', 'lab-engine1'), /engine1 1\.0 ii.*\n.*web 1\.0 ii/);
});

test('an upgrade that would remove a package is refused until the package is named', async () => {
  await mustRun('apt', 'install', 'lab-web', '--role', 'webserver');
  await lab.publish('updates');
  await mustRun('apt', 'update', '--all');
  const upgrade = ['apt', 'upgrade', '--mode', 'full', '--role', 'webserver'];

  const refused = await lab.celeroot(upgrade);

  assert.equal(refused.code, 1);
  assert.equal(await versions(hostNamed('web1'), 'lab-web'), 'lab-web 1.0 ii \n');

  const done = await mustRun(...upgrade, '--allow-remove', 'lab-engine1');

  for (const host of lab.hosts) {
    const actions = done.result(host.name).transaction?.changes.map((change) => `${change.action} ${change.package}`);
    assert.deepEqual(actions?.toSorted(), ['install lab-engine2', 'remove lab-engine1', 'upgrade lab-web']);
    assert.equal(await versions(host, 'lab-web', 'lab-engine2'), 'lab-engine2 2.0 ii \nlab-web 2.0 ii \n');
  }
});

test('a host without its worker is shown offline and does its job when the worker is back', async () => {
  const away = hostNamed('web2');
  await away.stopWorker();

  const hosts = z
    .object({ hosts: z.array(z.object({ name: z.string(), online: z.boolean() })) })
    .parse(JSON.parse((await lab.celeroot(['hosts', 'ls', '--json'])).stdout)).hosts;
  assert.deepEqual(
    hosts.filter((host) => !host.online).map((host) => host.name),
    ['web2'],
  );
  const install = await lab.celeroot(['apt', 'install', 'hello-lab', '--role', 'webserver']);
  assert.equal(install.code, 6, install.stdout);
  assert.match(install.stdout, /^web2 \| offline /m);
  assert.match(install.stdout, /2 of 3 done, 2 changed/);
  assert.equal(await versions(away, 'hello-lab'), '');

  await away.startWorker();

  const whole = await story();
  for (const host of lab.hosts) assert.equal(whole.result(host.name).status, 'changed');
  assert.equal(await versions(away, 'hello-lab'), 'hello-lab 1.1 ii \n');
});

test('a worker killed in the middle of an install leaves one true result and a clean dpkg', async () => {
  const victim = hostNamed('web1');
  await victim.must(['sh', '-c', 'echo 4 >/etc/lab-slow']);
  await mustRun('apt', 'install', 'lab-slow', '--host', 'web1', '--detach');
  await until(async () => (await versions(victim, 'lab-slow')).includes(' iF'));

  await victim.killWorker();
  assert.match(await versions(victim, 'lab-slow'), / iF/, 'the worker was killed too late');
  await victim.startWorker();

  const outcome = (await story()).result('web1');
  assert.equal(outcome.status, 'changed');
  assert.deepEqual(
    outcome.transaction?.changes.map((change) => `${change.package} ${change.to}`),
    ['lab-slow 1.0'],
  );
  assert.equal(await versions(victim, 'lab-slow'), 'lab-slow 1.0 ii \n');
  assert.equal(await installsOf(victim, 'lab-slow'), 1);
  await assertClean(victim);
});

test('a host that loses its power in the middle of an install ends with one true result and a clean dpkg', async () => {
  const victim = hostNamed('web1');
  await mustRun('apt', 'install', 'lab-set', '--host', 'web1', '--detach');
  await until(async () => (await versions(victim, 'lab-part*')).includes(' iU'));

  await victim.reboot();
  await victim.startWorker();

  const outcome = (await story()).result('web1');
  assert.equal(outcome.status, 'changed');
  assert.equal(outcome.transaction?.changes.length, 9);
  assert.match(await versions(victim, 'lab-set'), /^lab-set 1\.0 ii/);
  await assertClean(victim);
});

test('Redis going away in the middle of an install loses nothing', async () => {
  const host = hostNamed('web1');
  await host.must(['sh', '-c', 'echo 3 >/etc/lab-slow']);
  await mustRun('apt', 'install', 'lab-slow', '--host', 'web1', '--detach');
  await until(async () => (await versions(host, 'lab-slow')).includes(' iF'));

  await lab.stopRedis();
  const alone = await lab.celeroot(['runs', 'ls']);
  await until(async () => (await versions(host, 'lab-slow')) === 'lab-slow 1.0 ii \n');
  await lab.startRedis();

  assert.equal(alone.code, 4);
  assert.equal((await story()).result('web1').status, 'changed');
});
