import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { HostCheck } from '../../src/core/host-check.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setRolloutScene, type RolloutScene } from '../support/rollout-scene.ts';
import type { Answer } from '../support/scripted-hosts.ts';
import { spawnCeleroot } from '../support/spawn-celeroot.ts';

const ROLLOUTS = `rollouts:
  careful:
    canary: 1
    check:
      ports: [443]
    before:
      - { task: apt.update }
    after:
      - { task: system.ping, always: true }
`;
const STEPS = ['system.check', 'apt.update', 'apt.upgrade', 'system.ping', 'system.check'];
const UPGRADE = ['apt', 'upgrade', '--role', 'web', '--rollout', 'careful'];
const HEALTHY: HostCheck = { failedUnits: [], broken: [], load: null, disks: [], probes: [] };
const BROKEN: HostCheck = { ...HEALTHY, failedUnits: ['nginx.service'] };

let scene: RolloutScene;
before(async () => {
  scene = await setRolloutScene(3, '{ max_unavailable: 1 }', ROLLOUTS);
});
after(() => scene[Symbol.asyncDispose]());
beforeEach(() => {
  scene.hosts.begun.length = 0;
  scene.hosts.orders.length = 0;
  scene.hosts.mostAtOnce = 0;
});
forbidLeaks();

function checked(data: HostCheck): Answer {
  return { status: 'unchanged', data: JSON.parse(JSON.stringify(data)) };
}

function stepsOf(host: string): readonly string[] {
  return scene.hosts.orders.flatMap((order) => (order.startsWith(`${host} `) ? [order.slice(host.length + 1)] : []));
}

/** A host whose looks before and after are these; both is one look each time. */
function looks(beforeIt: HostCheck, afterIt: HostCheck): (host: string, turn: number, task: string) => Answer {
  const looked = new Set<string>();
  return (host, _turn, task) => {
    if (task !== 'system.check') return 'changed';
    const answer = checked(looked.has(host) ? afterIt : beforeIt);
    looked.add(host);
    return answer;
  };
}

test('each host does all steps in order, and the next host only begins after the last of them', async () => {
  scene.hosts.script = looks(BROKEN, BROKEN);
  const { code, stdout, stderr } = await scene.run(...UPGRADE);
  assert.equal(code, 0, `${stdout}${stderr}`);
  for (const host of ['web1', 'web2', 'web3']) assert.deepEqual(stepsOf(host), STEPS);
  assert.equal(scene.hosts.mostAtOnce, 1);
  const { stdout: listed } = await scene.run('runs', 'ls');
  assert.equal(listed.match(/^\w{26} /gm)?.length, 1);
  assert.match((await scene.run('locks')).stdout, /^web +0 of 1$/m);
});

test('an upgrade after which a host is worse harms only the canary', async () => {
  scene.hosts.script = looks(HEALTHY, BROKEN);
  const stopped = await scene.run(...UPGRADE);
  assert.equal(stopped.code, 1);
  assert.match(
    stopped.stderr,
    /the roll-out stopped: 1 host has failed \(web1: nginx\.service has failed\), none may\n/,
  );
  assert.deepEqual(
    scene.hosts.orders,
    STEPS.map((step) => `web1 ${step}`),
  );

  scene.hosts.script = looks(HEALTHY, HEALTHY);
  const resumed = await scene.run('runs', 'resume', 'latest');
  assert.match(resumed.stderr, /^error\[JOBS_FAILED\]: web1: nginx\.service has failed\n/);
  for (const host of ['web2', 'web3']) assert.deepEqual(stepsOf(host), STEPS);

  const retried = await scene.run('runs', 'retry', 'latest');
  assert.equal(retried.code, 0, retried.stderr);
  assert.deepEqual(scene.hosts.orders.slice(-1), ['web1 apt.upgrade']);
});

test('what is to be undone is undone though the upgrade failed, and nothing else comes after it', async () => {
  scene.hosts.script = (_host, _turn, task) => {
    if (task === 'apt.upgrade') return 'failed';
    return task === 'system.check' ? checked(HEALTHY) : 'changed';
  };
  const { code, stderr } = await scene.run(...UPGRADE);
  assert.equal(code, 1);
  assert.match(stderr, /web1: its check failed/);
  assert.deepEqual(stepsOf('web1'), STEPS.slice(0, 4));
  assert.equal(scene.hosts.orders.length, 4);
});

test('a step that fails before the upgrade keeps it from being done', async () => {
  scene.hosts.script = (_host, _turn, task) => {
    if (task === 'apt.update') return 'failed';
    return task === 'system.check' ? checked(HEALTHY) : 'changed';
  };
  const { code, stderr } = await scene.run(...UPGRADE);
  assert.equal(code, 1);
  assert.match(stderr, /1 host has failed \(web1: apt\.update: its check failed\)/);
  assert.deepEqual(stepsOf('web1'), ['system.check', 'apt.update', 'system.ping']);
});

test('a cancel in the middle of a turn still undoes what is to be undone', async () => {
  const release = Promise.withResolvers<Answer>();
  scene.hosts.script = (_host, _turn, task) => {
    if (task === 'apt.upgrade') return release.promise;
    return task === 'system.check' ? checked(HEALTHY) : 'changed';
  };
  const driving = scene.run(...UPGRADE);
  await scene.hosts.until(() => scene.hosts.orders.includes('web1 apt.upgrade'), 'the upgrade to begin');
  await scene.run('runs', 'cancel', 'latest');
  release.resolve('cancelled');
  assert.equal((await driving).code, 1);
  assert.deepEqual(stepsOf('web1'), STEPS.slice(0, 4));
  assert.equal(scene.hosts.orders.length, 4);
});

test('with a driver killed in each step the turn is the same', { timeout: 300_000 }, async () => {
  const held = STEPS.map(() => Promise.withResolvers<null>());
  scene.hosts.script = async (host, turn, task) => {
    if (host === 'web1') await held[turn - 1]?.promise;
    return task === 'system.check' ? checked(HEALTHY) : 'changed';
  };
  let driver = spawnCeleroot(scene.folder.path, ...UPGRADE);
  for (const [index, step] of STEPS.entries()) {
    await scene.hosts.until(() => scene.hosts.orders.length === index + 1, `${step} to begin`);
    await driver.kill();
    held[index]?.resolve(null);
    driver = spawnCeleroot(scene.folder.path, 'runs', 'resume', 'latest');
  }
  const { code, stderr } = await driver.exit;
  assert.equal(code, 0, stderr);
  for (const host of ['web1', 'web2', 'web3']) assert.deepEqual(stepsOf(host), STEPS);
  assert.equal(scene.hosts.mostAtOnce, 1);
});

test('steps that a role does not allow, or that do not fit, are refused before anything is sent', async () => {
  await using other = await setRolloutScene(
    1,
    '{ tasks: [apt.*] }',
    'rollouts:\n  checked:\n    check: {}\n  wrong:\n    before:\n      - { task: apt.install }\n',
  );
  const refused = await other.run('apt', 'update', '--role', 'web', '--rollout', 'checked');
  assert.match(refused.stderr, /^error\[TASK_NOT_ALLOWED\]: system\.check is not allowed by the roles of web1/);
  const wrong = await other.run('apt', 'update', '--role', 'web', '--rollout', 'wrong');
  assert.match(wrong.stderr, /^error\[INVALID_ARGUMENTS\]: rollouts\/wrong\/before\/0: apt\.install: packages/);
});
