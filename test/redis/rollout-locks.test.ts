import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import * as z from 'zod';
import { hostNameSchema, roleNameSchema, type HostName, type RoleName } from '../../src/core/names.ts';
import { takeWheel } from '../../src/fleet/drive-rollout.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import type { RolloutBroker, TurnAnswer } from '../../src/queue/rollout-broker.ts';
import { ownStep } from '../../src/rollout/turns.ts';
import { newRunId } from '../support/broker-data.ts';
import { fleetConfig } from '../support/fleet-config.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';
import { runFixture } from '../support/run-fixture.ts';
import { setRolloutScene, type RolloutScene } from '../support/rollout-scene.ts';
import { spawnCeleroot } from '../support/spawn-celeroot.ts';

let scene: RolloutScene;
before(async () => {
  scene = await setRolloutScene(6, '{ max_unavailable: 2 }');
});
after(() => scene[Symbol.asyncDispose]());
beforeEach(() => {
  scene.hosts.begun.length = 0;
  scene.hosts.mostAtOnce = 0;
});
forbidLeaks();

test('several runs at once never change more hosts of a role than it allows', { timeout: 120_000 }, async () => {
  scene.hosts.script = async (_host, turn) => {
    await sleep(10 + (turn % 5) * 30);
    return 'changed' as const;
  };
  const results = await Promise.all([
    scene.run('apt', 'update', '--role', 'web'),
    scene.run('apt', 'update', '--role', 'web', '--batches', '3'),
    scene.run('apt', 'upgrade', '--host', 'web4,web5,web6', '--batches', '1'),
  ]);
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 0, 0],
    results.map(({ stderr }) => stderr).join(''),
  );
  assert.equal(scene.hosts.begun.length, 15);
  assert.ok(scene.hosts.mostAtOnce <= 2, `${scene.hosts.mostAtOnce} at once`);
});

test('what a driver that died has locked is shown, and given back when its host says that it is done', async () => {
  const release = Promise.withResolvers<'changed'>();
  scene.hosts.script = (_host, turn) => (turn <= 2 ? release.promise : 'changed');
  const driver = spawnCeleroot(scene.folder.path, 'apt', 'update', '--host', 'web1,web2');
  await scene.hosts.until(() => scene.hosts.begun.length === 2, 'both hosts to begin');
  await driver.kill();
  const { stdout } = await scene.run('locks');
  assert.match(stdout, /^ROLE +IN USE\nweb +2 of 2\n\nHOST +ROLES +ALONE +RUN .*\nweb1 +web +no .*\nweb2 +web +no /);

  const { locks } = z
    .object({ locks: z.array(z.looseObject({ until: z.number() })) })
    .parse(JSON.parse((await scene.run('locks', '--json')).stdout));
  const [lock] = locks;
  assert.ok(lock !== undefined);
  const forgeries = [
    { run: newRunId() },
    { host: 'web3' },
    { host: 'stranger' },
    { roles: ['db'] },
    { alone: true },
    { until: lock.until + 1 },
  ];
  const key = keysFor(null).locks;
  for (const [index, forged] of forgeries.entries()) {
    await scene.redis.command('HSET', key, `forged ${index}`, JSON.stringify({ ...lock, ...forged }));
  }
  const shown = await scene.run('locks');
  assert.equal(shown.stdout, stdout);
  assert.match(shown.stderr, /^warning: left out 6 locks that fit no run that somebody you trust has signed/);
  await scene.redis.command('HDEL', key, ...forgeries.map((_, index) => `forged ${index}`));

  const other = scene.run('apt', 'update', '--host', 'web3');
  await scene.hosts.until(() => scene.hosts.begun.length === 2, 'the other to wait');
  release.resolve('changed');
  assert.equal((await other).code, 0);
  assert.deepEqual(scene.hosts.begun.slice(2), ['web3']);
  assert.match((await scene.run('locks')).stdout, /^web +0 of 2$/m);
});

test('a change of any one host of such a role has to name it', async () => {
  const { code, stderr } = await scene.run('apt', 'update', '--any', 'web');
  assert.equal(code, 2);
  assert.match(stderr, /max_unavailable/);
});

test('a driver that another has taken over from can give no turn and write nothing down', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const { rollouts } = controller;
  const run = newRunId();
  const first = await rollouts.takeDriving(run, { by: 'a@b', owner: '1' });
  assert.partialDeepStrictEqual(await rollouts.takeDriving(run, { by: 'c@d', owner: '2' }), { by: 'a@b' });
  assert.ok('token' in first);
  await rollouts.dropDriving(run, first.token);
  const second = await rollouts.takeDriving(run, { by: 'c@d', owner: '2' });
  assert.ok('token' in second && second.token > first.token);

  assert.equal(await rollouts.keepDriving(run, first.token), false);
  assert.equal(await rollouts.writeEntry(run, first.token, '{}'), false);
  assert.deepEqual(await ask(rollouts, { run, token: first.token, hosts: ['h1'], limit: 5 }), { kind: 'lost' });
  await rollouts.dropDriving(run, first.token);
  assert.partialDeepStrictEqual(await rollouts.drivenBy(run), { by: 'c@d' });
  assert.deepEqual(await rollouts.history(run, null), []);
});

test('who takes the wheel and cannot read what to drive leaves it to others', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const { run } = runFixture(['web1']);
  const steps = [{ ...ownStep('apt.update'), run: newRunId() }];
  const batches = [{ name: '1', size: 1, maxFailures: 0 }];
  const rollout = { batches, maxFailures: 0, maxUnreachable: 0, soakMs: 0, steps };
  const fleet = fleetConfig({ roles: {}, hosts: {} });
  const witness = { fleet: fleet.fleet, hosts: fleet.hosts, grants: [] };
  const options = { fleet, witness, clock: { now: Date.now }, by: 'a@b', owner: 'x' };
  await assert.rejects(takeWheel(controller, { ...run, rollout }, options), { code: 'RUN_FORGED' });
  assert.equal(await controller.rollouts.drivenBy(run.id), null);
});

test('a cancelled run gives no more turns', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRunId();
  const token = await tokenOf(controller.rollouts, run);
  await controller.setCancelMark(run, 'x');
  assert.deepEqual(await ask(controller.rollouts, { run, token, hosts: ['h1'], limit: 5 }), { kind: 'cancelled' });
});

test('what is no lock and no step of a history is passed over', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const { rollouts } = controller;
  const run = newRunId();
  const token = await tokenOf(rollouts, run);
  const keys = keysFor(redis.settings.environment);
  for (const junk of ['junk', '1', '{}', '{"until":1e15,"roles":1,"host":2}']) {
    await redis.command('HSET', keys.locks, junk, junk);
    await redis.command('XADD', keys.rollout(run), '*', 'act', junk, 'signature', 's', 'key', 'k'.repeat(1000));
  }
  assert.deepEqual(await rollouts.locks(), []);
  assert.deepEqual(await rollouts.history(run, null), []);
  assert.deepEqual(await ask(rollouts, { run, token, hosts: ['h1'], limit: 1 }), { kind: 'granted', hosts: ['h1'] });
  assert.equal((await rollouts.locks()).length, 1);
});

test('hosts of roles without a limit have turns of several runs at once, unless one is to be alone', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const { rollouts } = controller;
  const asking = async (hosts: readonly string[], alone: boolean): Promise<TurnAnswer> => {
    const run = newRunId();
    return await ask(rollouts, { run, token: await tokenOf(rollouts, run), hosts, alone, limit: null });
  };
  assert.deepEqual(await asking(['h1'], false), { kind: 'granted', hosts: ['h1'] });
  assert.deepEqual(await asking(['h1'], false), { kind: 'granted', hosts: ['h1'] });
  assert.deepEqual(await asking(['h1', 'h2'], true), { kind: 'granted', hosts: ['h2'] });
  assert.deepEqual(await asking(['h2', 'h3'], false), { kind: 'granted', hosts: ['h3'] });
  const locks = (await rollouts.locks()).map(({ host, roles, alone }) => ({ host, roles, alone }));
  assert.deepEqual(
    locks.filter(({ host }) => host === 'h2'),
    [{ host: 'h2', roles: [], alone: true }],
  );
});

const turn = fc.record({
  run: fc.nat(2),
  hosts: fc.uniqueArray(fc.nat(7), { minLength: 1 }),
  ends: fc.array(fc.nat(7)),
});

test(
  'in whatever order runs ask and hosts end, no more hosts are locked than a role allows, and none beside a turn that is to be alone',
  { timeout: 120_000 },
  async () => {
    await using redis = await startRedis();
    await using controller = await openControllerBroker(redis.settings);
    const { rollouts } = controller;
    const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        flags,
        fc.array(turn, { maxLength: 12 }),
        async (limit, flagged, turns) => {
          const runs = await Promise.all(
            flagged.map(async (alone) => {
              const run = newRunId();
              return { run, alone, token: await tokenOf(rollouts, run) };
            }),
          );
          for (const { run: index, hosts, ends } of turns) {
            const asking = runs[index] ?? assert.fail();
            const answer = await ask(rollouts, { ...asking, hosts: hosts.map((host) => `h${host}`), limit });
            assert.equal(answer.kind, 'granted');
            const turnsOn = Map.groupBy(await rollouts.locks(), ({ host }) => host);
            assert.ok(turnsOn.size <= limit);
            for (const locks of turnsOn.values()) assert.ok(locks.length === 1 || !locks.some(({ alone }) => alone));
            await rollouts.freeLocks(ends.map((host) => ({ host: name(`h${host}`), run: asking.run })));
          }
          await rollouts.freeLocks(await rollouts.locks());
        },
      ),
      { numRuns: 40 },
    );
  },
);

const web: RoleName = roleNameSchema.parse('web');
const HOUR = 3_600_000;

function name(text: string): HostName {
  return hostNameSchema.parse(text);
}

async function tokenOf(rollouts: RolloutBroker, run: ReturnType<typeof newRunId>): Promise<number> {
  const taken = await rollouts.takeDriving(run, { by: 'a@b', owner: run });
  assert.ok('token' in taken);
  return taken.token;
}

type Ask = {
  readonly run: ReturnType<typeof newRunId>;
  readonly token: number;
  readonly hosts: readonly string[];
  /** Of the role that they have; null for hosts that have none with a limit. */
  readonly limit: number | null;
  readonly alone?: boolean;
};

async function ask(rollouts: RolloutBroker, { run, token, hosts, limit, alone = false }: Ask): Promise<TurnAnswer> {
  return await rollouts.grantTurns({
    run,
    token,
    hosts: hosts.map((host) => ({ host: name(host), roles: limit === null ? [] : [web] })),
    limits: new Map(limit === null ? [] : [[web, limit]]),
    alone,
    until: Date.now() + HOUR,
  });
}
