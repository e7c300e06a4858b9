import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { ConnectionError } from '../../src/core/errors.ts';
import { jobIdFor } from '../../src/core/ids.ts';
import { scheduleNameSchema } from '../../src/core/names.ts';
import { readRuns } from '../../src/fleet/believe-runs.ts';
import { witnessOf } from '../../src/fleet/witness.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { runIdOfStep } from '../../src/trust/standing-order.ts';
import { host } from '../support/broker-data.ts';
import { runCli } from '../support/cli.ts';
import { startCliWorker } from '../support/cli-worker.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil } from '../support/redis.ts';
import { setRolloutScene, type RolloutScene } from '../support/rollout-scene.ts';
import { setStage } from '../support/scheduler-scene.ts';
import { stageScheduler } from '../support/scheduler-stage.ts';
import { spawnCeleroot } from '../support/spawn-celeroot.ts';
import { spawnService, type SpawnedService } from '../support/spawn-service.ts';
import { CELEROOT, newStateDir } from '../support/worker.ts';

forbidLeaks();

const LONG_MS = 120_000;
const HOUR_MS = 3_600_000;
const NEVER = '2099-01-01T00:00:00Z';
const CAREFUL = 'rollouts:\n  careful: { canary: 1, batches: [2], before: [{ task: apt.update }] }\n';

/** Schedules of these names that upgrade all hosts at a moment to come, which `fireSoon` puts into the file. */
function upgrades(names: readonly string[], rollout = 'careful'): string {
  const section = (name: string): string =>
    `  ${name}: { task: apt.upgrade, target: { roles: [web] }, at: ["${NEVER}"], rollout: ${rollout} }\n`;
  return `schedules:\n${names.map(section).join('')}`;
}

function startScheduler(file: string): SpawnedService {
  return spawnService([...CELEROOT, 'scheduler', file, '--beat']);
}

/** Gives schedules a slot as soon as a scheduler that is at work can be sure to see it coming. */
async function fireSoon(file: string, scheduler: SpawnedService): Promise<void> {
  await scheduler.says(/^scheduler of fleet test/);
  const soon = `${new Date(Date.now() + 8000).toISOString().slice(0, 19)}Z`;
  const text = (await readFile(file, 'utf8')).replaceAll(NEVER, soon);
  await replaceFile(file, text);
}

async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

const shownSchema = z.object({ rollout: z.object({ kind: z.string(), driver: z.string().nullable() }) });

async function shown(scene: RolloutScene): Promise<z.infer<typeof shownSchema>['rollout']> {
  return shownSchema.parse(JSON.parse((await scene.run('runs', 'show', 'latest', '--json')).stdout)).rollout;
}

test('a roll-out is kept with its run, once also when whoever made it died in between, and goes on until it is over', async () => {
  await using stage = await setStage(`rollouts:
  careful: { canary: 1, order: shuffled, before: [{ task: apt.update }] }
schedules:
  rolled: { task: apt.upgrade, target: { roles: [webserver] }, every: 1h, start_within: 90m, rollout: careful }
`);
  let isDying = true;
  const { broker, time } = stage;
  const dying: ControllerBroker = {
    ...broker,
    saveRun: async (run, record) => {
      if (isDying) throw new ConnectionError('BROKER_UNREACHABLE', 'it dies here');
      await broker.saveRun(run, record);
    },
  };
  const first = stageScheduler({ plan: stage.plan, time, broker: () => dying, leaseMs: 1 });
  await first.beat();
  time.now += HOUR_MS;
  await assert.rejects(first.beat(), { message: 'it dies here' });
  isDying = false;
  await stage.scheduler().beat();

  const record = await stage.last('rolled');
  assert.ok(record?.kind === 'fire');
  const { fleet } = stage.plan();
  const { runs } = await readRuns(broker, await witnessOf(fleet, time.now), [record.run]);
  const steps = runs[0]?.rollout?.steps?.map(({ run, task }) => [run, task]);
  const stepRun = runIdOfStep(fleet.fleet, { schedule: scheduleNameSchema.parse('rolled'), step: 1 }, record.slot);
  assert.deepEqual(steps, [
    [stepRun, 'apt.update'],
    [null, 'apt.upgrade'],
  ]);
  for (const run of [record.run, stepRun]) {
    const jobs = ['web1', 'web2'].map((name) => jobIdFor(run, host(name)));
    assert.equal((await broker.rollouts.keptOrders(run, jobs)).length, 2);
  }
  for (const name of ['web1', 'web2']) assert.deepEqual(await stage.jobs(name), []);
  assert.deepEqual(await broker.slots.unsent(), []);
  assert.deepEqual(await broker.rollouts.announced(), [record.run]);

  time.now += HOUR_MS;
  await stage.scheduler().beat();
  assert.partialDeepStrictEqual(await stage.last('rolled'), { kind: 'miss', reason: { code: 'OVERLAP' } });
  time.now += HOUR_MS;
  await stage.scheduler().beat();
  assert.partialDeepStrictEqual(await stage.last('rolled'), { kind: 'fire', slot: stage.start + 3 * HOUR_MS });
});

test('another broker that is written into the file counts after a restart, for roll-outs too', async () => {
  await using scene = await setRolloutScene(1, '{}', `${CAREFUL}${upgrades(['nightly'])}`);
  const { file } = scene.folder;
  await using scheduler = startScheduler(file);
  scene.hosts.script = () => 'changed';
  await scheduler.says(/^scheduler of fleet test/);

  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(`127.0.0.1:${scene.redis.port}`, '127.0.0.1:1'));
  await scheduler.says(/^read .* anew: /);
  await fireSoon(file, scheduler);

  await scheduler.says(/^run \w{26}: its roll-out has ended; see /, LONG_MS);
});

test('a scheduled roll-out whose canary fails stops there, and goes on when an operator says so', async () => {
  await using scene = await setRolloutScene(4, '{}', `${CAREFUL}${upgrades(['nightly'])}`);
  await using scheduler = startScheduler(scene.folder.file);
  scene.hosts.script = (_host, _turn, task) => (task === 'apt.upgrade' ? 'failed' : 'changed');
  await fireSoon(scene.folder.file, scheduler);
  await scheduler.says(/^run \w{26}: its roll-out has stopped; see /, LONG_MS);
  assert.deepEqual(scene.hosts.orders, ['web1 apt.update', 'web1 apt.upgrade']);
  assert.deepEqual(await shown(scene), { ...(await shown(scene)), kind: 'stopped', driver: null });
  assert.match((await scene.run('runs', 'show', 'latest')).stdout, /^by +schedule nightly$/m);

  scene.hosts.script = () => 'changed';
  await scene.run('runs', 'resume', 'latest');
  await waitUntil(async () => (await shown(scene)).kind === 'finished', 'the roll-out to end', LONG_MS);
  const upgraded = scene.hosts.orders.filter((order) => order.endsWith(' apt.upgrade'));
  assert.deepEqual(
    upgraded.toSorted(),
    ['web1', 'web2', 'web3', 'web4'].map((host) => `${host} apt.upgrade`),
  );
});

test('with the scheduler killed in each batch another one goes on, and no host does anything twice', async () => {
  await using scene = await setRolloutScene(5, '{}', `${CAREFUL}${upgrades(['nightly'])}`);
  const held = new Map(scene.names.map((name) => [name, Promise.withResolvers<'changed'>()]));
  scene.hosts.script = (host, _turn, task) =>
    task === 'apt.upgrade' ? (held.get(host)?.promise ?? 'failed') : 'changed';
  await using first = startScheduler(scene.folder.file);
  await using second = startScheduler(scene.folder.file);
  await second.says(/^scheduler of fleet test/);
  await fireSoon(scene.folder.file, first);
  const schedulers = [first, second];
  const upgraded = (): number => scene.hosts.orders.filter((order) => order.endsWith(' apt.upgrade')).length;
  for (const count of [1, 3, 5]) {
    await waitUntil(() => upgraded() === count, `host ${count} to upgrade`, LONG_MS);
    const id = (await shown(scene)).driver ?? '';
    assert.match(id, /^scheduler /);
    const driver = schedulers.findLast(({ lines }) => lines.some((line) => line.endsWith(': drives its roll-out')));
    driver?.signal('SIGKILL');
    schedulers.splice(schedulers.indexOf(driver ?? first), 1);
    schedulers.push(startScheduler(scene.folder.file));
    for (const order of scene.hosts.orders) held.get(order.split(' ')[0] ?? '')?.resolve('changed');
  }
  await waitUntil(async () => (await shown(scene)).kind === 'finished', 'the roll-out to end', LONG_MS);
  for (const each of schedulers) await each[Symbol.asyncDispose]();
  const expected = scene.names.flatMap((host) => [`${host} apt.update`, `${host} apt.upgrade`]);
  assert.deepEqual(scene.hosts.orders.toSorted(), expected.toSorted());
  assert.ok(scene.hosts.mostAtOnce <= 2, `${scene.hosts.mostAtOnce} at once`);
});

test('two schedules and a manual run never change more hosts of a role than it allows', async () => {
  await using scene = await setRolloutScene(
    6,
    '{ max_unavailable: 2 }',
    `${CAREFUL}  wide: { batches: [4] }\n${upgrades(['one'])}${upgrades(['other'], 'wide').replace('schedules:\n', '')}`,
  );
  scene.hosts.script = async (_host, turn) => {
    await sleep(20 + (turn % 5) * 40);
    return 'changed' as const;
  };
  await using scheduler = startScheduler(scene.folder.file);
  await using _second = startScheduler(scene.folder.file);
  await fireSoon(scene.folder.file, scheduler);
  await scene.hosts.until(() => scene.hosts.begun.length > 0, 'a schedule to begin');
  const manual = await scene.run('apt', 'update', '--role', 'web');
  assert.equal(manual.code, 0, manual.stderr);
  await waitUntil(() => scene.hosts.begun.length === 6 * 4, 'all to be done', LONG_MS);
  assert.equal(new Set(scene.hosts.orders).size, 12);
  assert.ok(scene.hosts.mostAtOnce <= 2, `${scene.hosts.mostAtOnce} at once`);
});

test('a scheduler takes over from an operator’s driver that died, but leaves what is paused', async () => {
  await using scene = await setRolloutScene(3, '{}', '');
  const release = Promise.withResolvers<'changed'>();
  scene.hosts.script = (host) => (host === 'web1' ? release.promise : 'changed');
  await using scheduler = startScheduler(scene.folder.file);
  await scheduler.says(/^scheduler of fleet test/);
  const driver = spawnCeleroot(scene.folder.path, 'apt', 'update', '--role', 'web', '--batches', '1');
  await scene.hosts.until(() => scene.hosts.begun.length === 1, 'the first host to begin');
  assert.equal(scheduler.lines.length, 1, 'it leaves what somebody drives');
  await driver.kill();
  await scheduler.says(/^run \w{26}: drives its roll-out$/, LONG_MS);
  await scene.run('runs', 'pause', 'latest');
  release.resolve('changed');
  await scheduler.says(/^run \w{26}: its roll-out is paused; see /, LONG_MS);
  assert.deepEqual(scene.hosts.begun, ['web1']);

  const resumed = spawnCeleroot(scene.folder.path, 'runs', 'resume', 'latest');
  await scene.hosts.until(() => scene.hosts.begun.length > 1, 'the second host to begin');
  await resumed.kill();
  await waitUntil(async () => (await shown(scene)).kind === 'finished', 'the roll-out to end', LONG_MS);
  assert.deepEqual(scene.hosts.begun, ['web1', 'web2', 'web3']);
  scheduler.signal('SIGTERM');
  assert.deepEqual(await scheduler.exit, { code: 0, stderr: '' });
});

test('a host whose calendar is closed when its turn comes waits for that', async () => {
  const open = Math.ceil((Date.now() + 30_000) / 60_000) * 60_000;
  const minute = (at: number): string => new Date(at).toISOString().slice(0, 16);
  await using scene = await setRolloutScene(
    3,
    '{}',
    `${CAREFUL}${upgrades(['nightly'])}calendars:
  busy: { kind: freeze, hosts: [web2], times: [{ from: ${minute(open - 600_000)}, until: ${minute(open)} }] }
`,
  );
  const begun = new Map<string, number>();
  scene.hosts.script = (host) => {
    if (!begun.has(host)) begun.set(host, Date.now());
    return 'changed';
  };
  await using scheduler = startScheduler(scene.folder.file);
  await fireSoon(scene.folder.file, scheduler);
  await scheduler.says(/its roll-out has ended/, LONG_MS);
  assert.deepEqual([...begun.keys()].toSorted(), ['web1', 'web2', 'web3']);
  assert.ok((begun.get('web2') ?? 0) >= open);
});

test('a roll-out whose schedule has left the file finishes what has begun, and goes on when it is back', async () => {
  await using scene = await setRolloutScene(3, '{}', `${CAREFUL}${upgrades(['nightly'])}`);
  const { file } = scene.folder;
  const canary = Promise.withResolvers<'changed'>();
  scene.hosts.script = (host, _turn, task) => (host === 'web1' && task === 'apt.upgrade' ? canary.promise : 'changed');
  await using scheduler = startScheduler(file);
  await fireSoon(file, scheduler);
  await waitUntil(() => scene.hosts.orders.includes('web1 apt.upgrade'), 'the canary to begin', LONG_MS);
  const text = await readFile(file, 'utf8');
  await replaceFile(file, text.replace(/^schedules:\n.*\n/m, ''));
  await scheduler.says(/0 schedules/, LONG_MS);
  canary.resolve('changed');
  const says = async (): Promise<string> => (await scene.run('runs', 'show', 'latest')).stdout;
  await waitUntil(async () => /: next web2, web3, when other runs, /.test(await says()), 'it to wait');
  await sleep(3000);
  assert.deepEqual(scene.hosts.orders, ['web1 apt.update', 'web1 apt.upgrade']);

  await replaceFile(file, text);
  await scheduler.says(/its roll-out has ended/, LONG_MS);
  assert.equal(scene.hosts.orders.length, 6);
});

test('hosts obey each step by the standing order that an operator signed for it', async () => {
  await using redis = await startRedis();
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    more: `rollouts:
  pinged: { canary: 1, before: [{ task: system.facts }], after: [{ task: system.ping }] }
schedules:
  pinging: { task: system.ping, target: { hosts: [web1] }, at: ["${NEVER}"], rollout: pinged }
`,
  });
  const run = async (...args: readonly string[]): ReturnType<typeof runCli> => await runCli(args, { cwd: folder.path });
  assert.equal((await run('keys', 'add', 'clock', '--kind', 'scheduler', '--out', 'clock.key')).code, 0);
  const text = (await readFile(folder.file, 'utf8')).replace('version: 1\n', 'version: 1\nscheduler_key: clock.key\n');
  const due = Math.ceil((Date.now() + 20_000) / 1000) * 1000;
  await writeFile(folder.file, text.replace(NEVER, `${new Date(due).toISOString().slice(0, 19)}Z`));
  assert.match((await run('schedules', 'sign')).stdout, /^signed pinging, for a year\n/);
  await rename(join(folder.path, 'celeroot.key'), join(folder.path, 'away.key'));
  await using state = await newStateDir();
  await using _worker = await startCliWorker(folder.file, 'web1', state.path);
  await using scheduler = startScheduler(folder.file);
  await scheduler.says(/^run \w{26}: its roll-out has ended; see /, LONG_MS);
  const { code, stdout } = await run('runs', 'show', 'latest');
  assert.equal(code, 0);
  assert.match(stdout, /^roll-out +all hosts have had their turn$/m);
  const steps = [...stdout.matchAll(/^step \d +\S+ \(run (\w{26})\)$/gm)].flatMap(([, id]) => id ?? []);
  assert.equal(steps.length, 2);
  for (const id of steps) assert.match((await run('runs', 'show', id)).stdout, /^state +1 of 1 done/m);
  assert.doesNotMatch((await run('runs', 'ls')).stdout, /refused/);
});
