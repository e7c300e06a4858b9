import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  aptHistory,
  assertOneTrueResult,
  beginInstall,
  freshHost,
  HOLD_PACKAGE_LOCK,
  releasePackageLock,
  signalOnHost,
  untilJobWaitsForLock,
  untilPackageLockIsHeld,
  untilState,
} from '../support/crash-scene.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';

const PACKAGES = ['lab-app', 'lab-lib', 'lab-slow'];
const LIMIT = { timeout: 180_000 };

let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1, workers: false });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
beforeEach(async () => {
  await freshHost(host);
  await host.must(['sh', '-c', 'echo 3 >/etc/lab-slow']);
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

test('a worker killed in mid-install is followed by one that tells the result of the same apt', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');
  await host.killWorker();
  await untilState(host, 'lab-slow', 'ii');
  await host.startWorker();

  await assertOneTrueResult(host, run, PACKAGES);

  assert.deepEqual(await aptHistory(host), { begun: 1, ended: 1 });
});

test(
  'an executor killed in mid-install leaves apt to finish, and the next one tells what was done',
  LIMIT,
  async () => {
    const run = beginInstall(lab, host, PACKAGES);
    await untilState(host, 'lab-slow', 'iF');
    assert.equal(await signalOnHost(host, 'KILL', ['executor']), 1);

    await assertOneTrueResult(host, run, PACKAGES);

    const { events } = await run.ended;
    assert.equal(events.filter((event) => event.kind === 'interrupted').length, 1);
    assert.ok(events.some((event) => event.kind === 'waiting' && event.holder?.startsWith('the job’s own apt-get')));
    assert.deepEqual(await aptHistory(host), { begun: 1, ended: 1 });
  },
);

for (const victims of [['apt'], ['dpkg'], ['apt', 'dpkg', 'script']] as const) {
  test(`${victims.join(', ')} killed below the executor end in one true result`, LIMIT, async () => {
    const run = beginInstall(lab, host, PACKAGES);
    await untilState(host, 'lab-slow', 'iF');
    assert.ok((await signalOnHost(host, 'KILL', victims)) >= victims.length);

    await assertOneTrueResult(host, run, PACKAGES);
  });
}

for (const [when, state, slow] of [
  ['unpacked', 'iHR', 'lab-slow-unpack'],
  ['configured', 'iF', 'lab-slow'],
] as const) {
  test(`everything killed while a package is ${when} ends in one true result`, LIMIT, async () => {
    const packages = ['lab-app', slow];
    const run = beginInstall(lab, host, packages);
    await untilState(host, slow, state);
    await signalOnHost(host, 'KILL', ['worker', 'executor', 'apt', 'dpkg', 'script']);
    assert.notEqual(await host.must(['dpkg', '--audit']), '');
    await host.startWorker();

    await assertOneTrueResult(host, run, packages);
  });
}

test('a host whose plug is pulled in mid-install finishes the job when it is back', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');
  await host.reboot();
  await host.startWorker();

  await assertOneTrueResult(host, run, PACKAGES);
});

test('the signals that usually end a process do not disturb an install, whoever gets them', LIMIT, async () => {
  const run = beginInstall(lab, host, PACKAGES);
  await untilState(host, 'lab-slow', 'iF');
  for (const signal of ['TERM', 'INT', 'HUP']) await signalOnHost(host, signal, ['executor']);

  await assertOneTrueResult(host, run, PACKAGES);

  assert.deepEqual(await aptHistory(host), { begun: 1, ended: 1 });
});

test('a foreign program that holds the lock is named and waited for', LIMIT, async () => {
  const holder = host.run(['perl', '-e', HOLD_PACKAGE_LOCK, 'a-foreign-upgrade']);
  await untilPackageLockIsHeld(host);
  const run = beginInstall(lab, host, PACKAGES);
  await untilJobWaitsForLock(host);
  await releasePackageLock(host);
  await holder;

  await assertOneTrueResult(host, run, PACKAGES);

  const { events } = await run.ended;
  const waiting = events.find((event) => event.kind === 'waiting');
  assert.equal(waiting?.for, 'lock');
  assert.match(waiting.holder ?? '', /^perl .*\(process \d+\)$/);
});
