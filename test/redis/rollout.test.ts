import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import * as z from 'zod';
import { runIdSchema } from '../../src/core/ids.ts';
import { fleetNameSchema } from '../../src/core/names.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { sealAct } from '../../src/trust/rollout-act.ts';
import type { CliResult } from '../support/cli.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setRolloutScene, type RolloutScene } from '../support/rollout-scene.ts';
import { spawnCeleroot } from '../support/spawn-celeroot.ts';

const ALL = ['web1', 'web2', 'web3', 'web4', 'web5'];
const PING = ['system', 'ping', '--role', 'web'];

let scene: RolloutScene;
before(async () => {
  scene = await setRolloutScene(ALL.length);
  await addGuest();
});
after(() => scene[Symbol.asyncDispose]());
beforeEach(() => {
  scene.hosts.begun.length = 0;
  scene.hosts.mostAtOnce = 0;
  scene.hosts.script = () => 'changed';
});
forbidLeaks();

/** An operator whose key is for web1 only, and who has a configuration of his own. */
async function addGuest(): Promise<void> {
  const { path, file } = scene.folder;
  const added = await run('keys', 'add', 'guest', '--out', 'guest.key', '--host', 'web1');
  assert.equal(added.code, 0, added.stderr);
  const text = (await readFile(file, 'utf8')).replace(/^signing_key:.*\n/m, '');
  await writeFile(join(path, 'guest.yaml'), `signing_key: guest.key\n${text}`);
}

async function run(...args: readonly string[]): Promise<CliResult> {
  return await scene.run(...args);
}

const shownSchema = z.object({
  run: z.object({ id: runIdSchema }),
  rollout: z.object({ kind: z.string(), text: z.string(), driver: z.string().nullable() }),
  jobs: z.array(z.object({ host: z.string(), status: z.string() })),
});

async function shown(): Promise<z.infer<typeof shownSchema>> {
  return shownSchema.parse(JSON.parse((await run('runs', 'show', 'latest', '--json')).stdout));
}

test('a roll-out goes batch by batch and ends like any run', async () => {
  const { code, stdout, stderr } = await run(...PING, '--canary', '1', '--batches', '2');
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.equal(scene.hosts.begun[0], 'web1');
  assert.deepEqual(scene.hosts.begun.toSorted(), ALL);
  assert.ok(scene.hosts.mostAtOnce <= 2);
  assert.match(stdout, /^roll-out \| in batch canary \(1 of 3\): 1 under way$/m);
  assert.match(stdout, /5 of 5 done/);
});

test('a dry run asks all hosts at once and shows the batches', async () => {
  const { code, stdout } = await run(
    'apt',
    'update',
    '--role',
    'web',
    '--canary',
    'web3',
    '--batches',
    '50%',
    '--dry-run',
  );
  assert.equal(code, 0);
  assert.match(stdout, /^BATCH +HOSTS\n+canary +1 +web3\n1 +2 +web1, web2\n2 +2 +web4, web5\n/);
  assert.match(stdout, /^it stops when more than 0 of 5 hosts have failed$/m);
});

test('a canary that fails is the only one harmed; the run says why and what to type, and goes on when resumed', async () => {
  scene.hosts.script = () => 'failed';
  const stopped = await run(...PING, '--canary', '1', '--batches', '2');
  assert.equal(stopped.code, 1);
  assert.deepEqual(scene.hosts.begun, ['web1']);
  assert.match(
    stopped.stderr,
    /^error\[ROLLOUT_STOPPED\]: the roll-out stopped: 1 host has failed \(web1: its check failed\), none may\nhint: 4 hosts have not had their turn: web2, web3, web4, web5\n/,
  );
  assert.match(stopped.stderr, /celeroot runs resume \w{26}\n/);
  const { rollout, jobs } = await shown();
  assert.partialDeepStrictEqual(rollout, { kind: 'stopped', driver: null });
  assert.deepEqual(
    jobs.map(({ status }) => status),
    ['failed', 'held', 'held', 'held', 'held'],
  );

  scene.hosts.script = () => 'changed';
  const resumed = await run('runs', 'resume', 'latest');
  assert.deepEqual(scene.hosts.begun.toSorted(), ALL);
  assert.deepEqual(scene.hosts.begun.slice(0, 2), ['web1', 'web2']);
  assert.match(resumed.stderr, /^error\[JOBS_FAILED\]: web1: its check failed\n/);
});

test('who may not ask for the task on all hosts does not have a roll-out go on that stopped', async () => {
  scene.hosts.script = () => 'failed';
  await run(...PING, '--canary', '1');

  const resumed = await run('--config', 'guest.yaml', 'runs', 'resume', 'latest');

  assert.equal(resumed.code, 5);
  assert.match(
    resumed.stderr,
    /^error\[NOT_GRANTED\]: web2 would refuse system\.ping: the key of guest is not for web2/,
  );
  assert.deepEqual(scene.hosts.begun, ['web1']);
});

test('a pause holds back all that has not begun, from another terminal', async () => {
  const release = Promise.withResolvers<'changed'>();
  scene.hosts.script = () => release.promise;
  const driving = run(...PING, '--batches', '1');
  await scene.hosts.until(() => scene.hosts.begun.length === 1, 'the first host to begin');
  const paused = await run('runs', 'pause', 'latest');
  assert.match(paused.stdout, /is paused: what has begun is finished\. Go on with: {2}celeroot runs resume/);
  release.resolve('changed');

  const { code, stderr } = await driving;
  assert.equal(code, 6);
  assert.match(stderr, /is paused/);
  assert.deepEqual(scene.hosts.begun, ['web1']);
  assert.equal((await shown()).rollout.kind, 'paused');
  assert.match((await run('runs', 'ls', '--limit', '1')).stdout, / 1 of 5 done, 1 changed, paused\n/);

  const resumed = await run('runs', 'resume', 'latest');
  assert.equal(resumed.code, 0);
  assert.deepEqual(scene.hosts.begun, ALL);
});

test('any operator may pause, and who may not ask for the task on all hosts has it go on for no reader', async () => {
  const release = Promise.withResolvers<'changed'>();
  scene.hosts.script = () => release.promise;
  const driving = run(...PING, '--batches', '1');
  await scene.hosts.until(() => scene.hosts.begun.length === 1, 'the first host to begin');
  assert.equal((await run('--config', 'guest.yaml', 'runs', 'pause', 'latest')).code, 0);
  release.resolve('changed');
  assert.equal((await driving).code, 6);

  const { id } = (await shown()).run;
  const key = await readSigningKey(join(scene.folder.path, 'guest.key'));
  const fleet = fleetNameSchema.parse('test');
  const act = {
    fleet,
    run: id,
    at: Date.now() + 1000,
    by: 'guest@here',
    act: { kind: 'resume', afterStop: null },
  } as const;
  await using broker = await openControllerBroker({ ...scene.redis.settings, environment: null });
  await broker.rollouts.addAct(id, sealAct(act, key));
  assert.equal((await shown()).rollout.kind, 'paused');
  const followed = await run('runs', 'show', 'latest', '--follow');
  assert.equal(followed.code, 6);
  assert.deepEqual(scene.hosts.begun, ['web1']);
});

test('a cancel takes away what has not had its turn', async () => {
  const release = Promise.withResolvers<'changed'>();
  scene.hosts.script = () => release.promise;
  const driving = run(...PING, '--batches', '1');
  await scene.hosts.until(() => scene.hosts.begun.length === 1, 'the first host to begin');
  const cancelled = await run('runs', 'cancel', 'latest');
  assert.match(cancelled.stdout, /4 jobs never begin, 1 job stops at its next safe point/);
  release.resolve('changed');

  const { code } = await driving;
  assert.equal(code, 1);
  assert.deepEqual(scene.hosts.begun, ['web1']);
  assert.equal((await shown()).rollout.kind, 'finished');
});

test('a host that is away is passed over, and done when the run is resumed', async () => {
  await scene.hosts.leave('web2');
  const { code, stderr } = await run(...PING, '--batches', '1');
  assert.equal(code, 6);
  assert.match(stderr, /only hosts are left that cannot be reached/);
  assert.deepEqual(scene.hosts.begun, ['web1', 'web3', 'web4', 'web5']);

  await scene.hosts.comeBack('web2');
  assert.equal((await run('runs', 'resume', 'latest')).code, 0);
  assert.equal(scene.hosts.begun.at(-1), 'web2');
});

test('what cannot be a roll-out is refused before anything is sent', async () => {
  const detached = await run(...PING, '--batches', '1', '--detach');
  assert.match(detached.stderr, /^error\[USAGE\]: a roll-out has to be driven/);
  await run(...PING);
  for (const verb of ['pause', 'resume']) {
    const { code, stderr } = await run('runs', verb, 'latest');
    assert.equal(code, 5);
    assert.match(stderr, /^error\[NOT_ROLLED_OUT\]: all hosts of run \w{26} had their orders at once\n/);
  }
});

test(
  'with a driver killed in each batch the result is the same, and no host does it twice',
  { timeout: 240_000 },
  async () => {
    const release = new Map(ALL.map((host) => [host, Promise.withResolvers<'changed'>()]));
    scene.hosts.script = (host) => release.get(host)?.promise ?? 'failed';
    let driver = spawnCeleroot(scene.folder.path, ...PING, '--canary', '1', '--batches', '2');
    for (const until of [1, 3, 5]) {
      await scene.hosts.until(() => scene.hosts.begun.length === until, `host ${until} to begin`);
      await driver.kill();
      for (const host of scene.hosts.begun) release.get(host)?.resolve('changed');
      driver = spawnCeleroot(scene.folder.path, 'runs', 'resume', 'latest');
    }
    const { code, stdout } = await driver.exit;
    assert.equal(code, 0, stdout);
    assert.deepEqual(scene.hosts.begun.toSorted(), ALL);
    assert.ok(scene.hosts.mostAtOnce <= 2);
  },
);

test('who resumes what another drives follows it only', { timeout: 120_000 }, async () => {
  const release = Promise.withResolvers<'changed'>();
  scene.hosts.script = () => release.promise;
  const driving = run(...PING, '--batches', '1');
  await scene.hosts.until(() => scene.hosts.begun.length === 1, 'the first host to begin');
  assert.equal((await shown()).rollout.driver, 'tester@here');
  const second = spawnCeleroot(scene.folder.path, 'runs', 'resume', 'latest');
  await second.complains(/another celeroot drives this roll-out/);
  release.resolve('changed');
  assert.equal((await driving).code, 0);
  assert.equal((await second.exit).code, 0);
  assert.deepEqual(scene.hosts.begun, ALL);
});
