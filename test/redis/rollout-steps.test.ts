import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import * as z from 'zod';
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
  assert.deepEqual(
    scene.hosts.orders.slice(15),
    STEPS.map((step) => `web1 ${step}`),
  );
});

const shownSchema = z.object({
  run: z.object({
    id: z.string(),
    args: z.unknown(),
    rollout: z
      .object({
        batches: z.array(z.unknown()),
        soakMs: z.number(),
        steps: z.array(z.looseObject({ run: z.string().nullable() })).optional(),
      })
      .optional(),
  }),
});

async function shownRun(id: string): Promise<z.infer<typeof shownSchema>['run']> {
  return shownSchema.parse(JSON.parse((await scene.run('runs', 'show', id, '--json')).stdout)).run;
}

test('a retry is rolled out as the run was, or as its flags say', async () => {
  scene.hosts.script = (host, _turn, task) => {
    if (task === 'apt.upgrade' && host !== 'web1') return 'failed';
    return task === 'system.check' ? checked(HEALTHY) : 'changed';
  };
  assert.equal((await scene.run(...UPGRADE, '--max-failures', '2', '--soak', '1s')).code, 1);
  const failed = await shownRun('latest');
  scene.hosts.orders.length = 0;

  await scene.run('runs', 'retry', failed.id, '--batches', '2', '--max-failures', '1');
  assert.deepEqual(scene.hosts.orders.toSorted(), ['web2 apt.upgrade', 'web3 apt.upgrade']);
  scene.hosts.orders.length = 0;

  scene.hosts.script = looks(HEALTHY, HEALTHY);
  const retried = await scene.run('runs', 'retry', failed.id);
  assert.equal(retried.code, 0, retried.stderr);
  assert.deepEqual(
    scene.hosts.orders,
    ['web2', 'web3'].flatMap((host) => STEPS.map((step) => `${host} ${step}`)),
  );
  const { rollout } = await shownRun('latest');
  assert.deepEqual(rollout?.batches, [
    { name: 'canary', size: 1, maxFailures: 1 },
    { name: '1', size: 1, maxFailures: 1 },
  ]);
  assert.equal(rollout.soakMs, 1000);
  assert.partialDeepStrictEqual((await shownRun(rollout.steps?.[0]?.run ?? '')).args, { ports: [443] });
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

  const skipped = /^web1 +✗ skipped +left out: apt\.update: its check failed *$/m;
  assert.match((await scene.run('runs', 'show', 'latest')).stdout, skipped);
  assert.match((await scene.run('runs', 'ls')).stdout, / 0 of 3 done, stopped$/m);
  assert.match((await scene.run('runs', 'cancel', 'latest')).stdout, / is cancelled: 2 jobs never begin\n$/);
  assert.match((await scene.run('runs', 'show', 'latest')).stdout, skipped);
});

test('a step that fails after the upgrade is shown beside it', async () => {
  scene.hosts.script = (_host, _turn, task) => {
    if (task === 'system.ping') return 'failed';
    return task === 'system.check' ? checked(HEALTHY) : 'changed';
  };
  const { stdout } = await scene.run(...UPGRADE);
  assert.match(stdout, /^web1 \| changed .*, but system\.ping: its check failed/m);
  const { stdout: shown } = await scene.run('runs', 'show', 'latest');
  assert.match(shown, /^web1 +✗ changed +.*, but system\.ping: its check failed /m);
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

test('no other roll-out has a turn on a host between the steps of one', async () => {
  await using other = await setRolloutScene(1, '{}', ROLLOUTS);
  const release = Promise.withResolvers<Answer>();
  other.hosts.script = (_host, turn, task) => {
    if (turn === 3) return release.promise;
    return task === 'system.check' ? checked(HEALTHY) : 'changed';
  };
  const first = other.run(...UPGRADE);
  await other.hosts.until(() => other.hosts.orders.includes('web1 apt.upgrade'), 'the upgrade to begin');
  const second = other.run(...UPGRADE);
  const third = other.run('apt', 'remove', 'nginx', '--role', 'web', '--batches', '1');
  const { stdout } = await other.run('locks');
  assert.match(stdout, /^HOST +ROLES +ALONE +RUN .*\nweb1 +yes +\w{26} .*\n$/);
  release.resolve('changed');
  for (const { code, stderr } of await Promise.all([first, second, third])) assert.equal(code, 0, stderr);
  const tasks = other.hosts.orders.map((order) => order.replace('web1 ', ''));
  assert.deepEqual(tasks.slice(0, 5), STEPS);
  const between = tasks.indexOf('apt.remove');
  assert.deepEqual(tasks.toSpliced(between, 1), [...STEPS, ...STEPS]);
  assert.ok(between === 5 || between === 10, `it was the ${between + 1}th order`);
  assert.match((await other.run('locks')).stdout, /^no host is in a turn/);
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
