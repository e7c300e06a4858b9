import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  aptHistory,
  assertOneTrueResult,
  beginInstall,
  freshHost,
  HOLD_PACKAGE_LOCK,
  signalOnHost,
  untilJobWaitsForLock,
  untilOnHost,
  untilPackageLockIsHeld,
  untilState,
} from '../support/crash-scene.ts';
import { waitUntil } from '../support/redis.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';

const PACKAGES = ['lab-app', 'lab-lib', 'lab-slow'];
const WORKER = 'celeroot-worker.service';
const LIMIT = { timeout: 180_000 };

let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1, workers: false, systemd: true });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
beforeEach(async () => {
  await freshHost(host);
  await host.must(['sh', '-c', 'echo 4 >/etc/lab-slow']);
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

async function shutDownAndBoot(): Promise<void> {
  await host.run(['systemctl', 'poweroff']);
  await waitUntil(() => host.isOff(), `${host.name} to be off`, 60_000);
  await host.reboot();
}

async function jobUnit(): Promise<string> {
  const units = await host.must(['systemctl', 'list-units', '--plain', '--no-legend', 'celeroot-job-*']);
  const [unit] = units.split(' ');
  assert.ok(unit !== undefined && unit !== '', 'the job has a unit of its own');
  return unit;
}

test('a job runs in a unit of its own that protects what it runs', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');
  const unit = await jobUnit();

  const shown = await host.must(['systemctl', 'show', unit]);

  for (const setting of [
    'KillMode=process',
    'KillSignal=2',
    'TimeoutStopUSec=30min',
    'OOMPolicy=continue',
    'OOMScoreAdjust=-500',
  ]) {
    assert.match(shown, new RegExp(`^${setting}$`, 'm'));
  }
  await assertOneTrueResult(host, run, PACKAGES);
  assert.notEqual((await host.run(['systemctl', 'is-active', unit])).code, 0, 'the unit is gone with the job');
});

test('stopping the unit of a job in mid-install waits for its end', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');

  await host.must(['systemctl', 'stop', await jobUnit()]);

  assert.equal(await host.must(['dpkg', '--audit']), '');
  await assertOneTrueResult(host, run, PACKAGES);
  assert.deepEqual(await aptHistory(host), { begun: 1, ended: 1 });
});

test('a restart of the worker in mid-install does not touch apt', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');

  await host.must(['systemctl', 'restart', WORKER]);

  await assertOneTrueResult(host, run, PACKAGES);
  assert.deepEqual(await aptHistory(host), { begun: 1, ended: 1 });
});

test('killing all of the worker’s unit in mid-install does not touch apt', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');

  await host.must(['systemctl', 'kill', '--signal=KILL', WORKER]);
  await untilOnHost(host, `! systemctl --quiet is-active ${WORKER}`);
  await host.startWorker();

  await assertOneTrueResult(host, run, PACKAGES);
  assert.deepEqual(await aptHistory(host), { begun: 1, ended: 1 });
});

test('apt outlives an executor that is killed, in a unit of which nothing else is left', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');
  assert.equal(await signalOnHost(host, 'KILL', ['executor']), 1);

  await assertOneTrueResult(host, run, PACKAGES);

  assert.deepEqual(await aptHistory(host), { begun: 1, ended: 1 });
});

test('a shutdown in mid-install waits for apt, and the result is told after the boot', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');

  await shutDownAndBoot();
  await host.startWorker();

  await assertOneTrueResult(host, run, PACKAGES);
  assert.deepEqual(await aptHistory(host), { begun: 1, ended: 1 });
});

test('a job that waits for a lock when the machine shuts down is done after the boot', LIMIT, async () => {
  await host.must(['systemd-run', '--unit=holder', 'perl', '-e', HOLD_PACKAGE_LOCK.replaceAll('$', '$$$$')]);
  await untilPackageLockIsHeld(host);
  const run = beginInstall(lab, host, PACKAGES);
  await untilJobWaitsForLock(host);

  await shutDownAndBoot();
  await host.startWorker();

  await assertOneTrueResult(host, run, PACKAGES);
});
