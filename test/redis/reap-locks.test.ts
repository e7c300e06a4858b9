import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleNameSchema, type HostName } from '../../src/core/names.ts';
import type { Run } from '../../src/core/run.ts';
import { reapLocks } from '../../src/fleet/reap-locks.ts';
import { overAt } from '../../src/fleet/rolled-run.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { doneEvent, host, newRun, newRunId, reportOf } from '../support/broker-data.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';
import { hostNamed, saveRun, signed, witnessOf } from '../support/spoken.ts';

forbidLeaks();

const web = roleNameSchema.parse('web');
const hosts = [host('web1'), host('web2'), host('web3')] as const;
const [web1, web2, web3] = hosts;
const witness = {
  ...witnessOf([]),
  hosts: new Map(hosts.map((name) => [name, { ...hostNamed(name), roles: [web] }])),
};

async function lock(controller: ControllerBroker, run: Run, name: HostName): Promise<void> {
  const lease = await controller.rollouts.takeDriving(run.id, { by: 'a@b', owner: run.id });
  assert.ok('token' in lease);
  const granted = await controller.rollouts.grantTurns({
    run: run.id,
    token: lease.token,
    hosts: [{ host: name, roles: [web] }],
    limits: new Map([[web, hosts.length]]),
    alone: false,
    until: overAt(run),
  });
  assert.equal(granted.kind, 'granted');
}

/** A signed run with a step whose record is nowhere. */
function withoutStep(run: Run): Run {
  const step = {
    run: newRunId(),
    what: 'before',
    task: 'system.check',
    always: false,
    mayFail: false,
    waitMs: 0,
  } as const;
  const rollout = { batches: [{ name: '1', size: 1, maxFailures: 0 }], maxFailures: 0, maxUnreachable: 0, soakMs: 0 };
  return { ...run, rollout: { ...rollout, steps: [step] } };
}

test('a run of which a step is gone keeps no lock of another from being seen or given back', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const [broken, over, goesOn] = [withoutStep(newRun([web1])), newRun([web2]), newRun([web3])];
  for (const run of [broken, over, goesOn]) await saveRun(controller, run);
  await lock(controller, broken, web1);
  await lock(controller, over, web2);
  await lock(controller, goesOn, web3);
  const [job] = over.jobs;
  assert.ok(job !== undefined);
  const end = signed(reportOf(job.id, web2, doneEvent));
  await using worker = await openWorkerBroker(redis.settings);
  await worker.report(over.id, end);

  const found = await reapLocks(controller, witness, Date.now());

  assert.deepEqual([found.locks.map(({ host: name }) => name), found.forged], [[web3], 1]);
  assert.deepEqual((await controller.rollouts.locks()).map(({ host: name }) => name).toSorted(), [web1, web3]);
});
