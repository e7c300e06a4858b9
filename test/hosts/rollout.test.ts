import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { untilOnHost } from '../support/crash-scene.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';
import { spawnCeleroot, type SpawnedCeleroot } from '../support/spawn-celeroot.ts';

const LIMIT = { timeout: 280_000 };
const ROLLOUTS = `
rollouts:
  careful:
    canary: [web1]
    batches: [1]
    check: { wait: 3s }
`;
const UPGRADE = ['apt', 'upgrade', '--role', 'webserver', '--rollout', 'careful'];
const WHY =
  /^error\[\w+\]: the roll-out stopped: 1 host has failed \(web1: lab-service\.service has failed\), none may$/m;

let lab: TestLab;

before(async () => {
  lab = await openLab({ hosts: 3, workers: false, systemd: true });
  await appendFile(lab.configFile, ROLLOUTS);
});
beforeEach(async () => {
  await lab.publish('base');
  await Promise.all(lab.hosts.map((host) => host.reset()));
  await Promise.all(
    lab.hosts.map((host) => host.must(['sh', '-c', 'apt-get -q update && apt-get -q -y install lab-service'])),
  );
  await lab.publish('updates');
  await Promise.all(
    lab.hosts.map(async (host) => {
      await host.must(['apt-get', '-q', 'update', '--error-on=any']);
      await host.startWorker();
      await host.workerOnline();
    }),
  );
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

test('an upgrade that breaks a service harms the canary, and goes on when the cause is mended', LIMIT, async () => {
  const stopped = await lab.celeroot(UPGRADE);

  assert.equal(stopped.code, 1, stopped.stdout);
  assert.match(stopped.stderr, WHY);
  assert.match(stopped.stderr, /celeroot runs resume /);
  const shown = `${stopped.stdout}${stopped.stderr}`;
  assert.ok(shown.split('\n').length <= 24, `more than a screen:\n${shown}`);
  assert.deepEqual(await versions(), ['2.0', '1.0', '1.0']);
  assert.deepEqual(await failing(), ['web1']);

  await mend();
  const resumed = await lab.celeroot(['runs', 'resume', 'latest']);

  await assertRolledOut(resumed);
});

test('with a driver killed in each batch it comes out the same', LIMIT, async () => {
  let driver = celeroot(...UPGRADE);
  await untilUpgraded('web1');
  await driver.kill();
  const stopped = await celeroot('runs', 'resume', 'latest').exit;
  assert.match(stopped.stderr, WHY);
  assert.deepEqual(await versions(), ['2.0', '1.0', '1.0']);
  assert.deepEqual(await failing(), ['web1']);

  await mend();
  driver = celeroot('runs', 'resume', 'latest');
  for (const host of ['web2', 'web3']) {
    await untilUpgraded(host);
    await driver.kill();
    driver = celeroot('runs', 'resume', 'latest');
  }

  await assertRolledOut(await driver.exit);
});

function celeroot(...argv: readonly string[]): SpawnedCeleroot {
  return spawnCeleroot(dirname(lab.configFile), ...argv);
}

/** Every host has the new version, installed once; the canary still counts as failed and can be done again. */
async function assertRolledOut(resumed: { readonly code: unknown; readonly stderr: string }): Promise<void> {
  assert.equal(resumed.code, 1, resumed.stderr);
  assert.match(resumed.stderr, /^error\[JOBS_FAILED\]: web1: lab-service\.service has failed$/m);
  assert.deepEqual(await versions(), ['2.0', '2.0', '2.0']);
  assert.deepEqual(await failing(), []);
  for (const host of lab.hosts) {
    const upgrades = await host.must(['grep', '-c', ' upgrade lab-service:', '/var/log/dpkg.log']);
    assert.equal(upgrades, '1\n', host.name);
  }
  const retried = await lab.celeroot(['runs', 'retry', 'latest']);
  assert.equal(retried.code, 0, retried.stderr);
  assert.equal((await lab.celeroot(['locks', '--json'])).code, 0);
}

async function versions(): Promise<readonly string[]> {
  return await Promise.all(lab.hosts.map((host) => host.must(['dpkg-query', '-W', '-f', '${Version}', 'lab-service'])));
}

async function failing(): Promise<readonly string[]> {
  const ran = await Promise.all(lab.hosts.map((host) => host.run(['systemctl', 'is-failed', 'lab-service'])));
  return lab.hosts.flatMap(({ name }, index) => (ran[index]?.code === 0 ? [name] : []));
}

async function untilUpgraded(name: string): Promise<void> {
  await untilOnHost(
    hostNamed(name),
    "dpkg-query -W -f '${db:Status-Abbrev}${Version}' lab-service | grep -q '^ii 2.0'",
  );
}

async function mend(): Promise<void> {
  for (const host of lab.hosts) await host.must(['touch', '/etc/lab-service.key']);
  await hostNamed('web1').must(['systemctl', 'restart', 'lab-service']);
}

function hostNamed(name: string): TestHost {
  return lab.hosts.find((host) => host.name === name) ?? assert.fail(`the lab has no ${name}`);
}
