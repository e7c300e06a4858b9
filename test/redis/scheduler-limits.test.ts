import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobIdSchema, runOf } from '../../src/core/ids.ts';
import { openWorkerBroker } from '../../src/queue/open.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { sealReport } from '../../src/trust/sign-report.ts';
import { doneEvent, host, reportOf } from '../support/broker-data.ts';
import { hostKeyFile } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setStage, type Stage } from '../support/scheduler-scene.ts';

forbidLeaks();

const HOUR = 3_600_000;
const section = (name: string): string =>
  `  ${name}: { task: apt.update, target: { roles: [webserver] }, every: 1h, start_within: 30m, misfire: skip }\n`;

async function setLimitedStage(...schedules: readonly string[]): Promise<Stage> {
  return await setStage(`schedules:\n${schedules.map(section).join('')}`, undefined, '{ max_unavailable: 1 }');
}

async function begun(stage: Stage): Promise<readonly number[]> {
  return [(await stage.jobs('web1')).length, (await stage.jobs('web2')).length];
}

test('two schedules at once change no more hosts of a role than it allows, and go on when a host is done', async () => {
  await using stage = await setLimitedStage('one', 'other');
  const scheduler = stage.scheduler();
  await scheduler.beat();
  stage.time.now += HOUR;
  await scheduler.beat();
  await scheduler.beat();

  assert.deepEqual(await begun(stage), [2, 0]);
  assert.equal((await stage.broker.slots.unsent()).length, 2);
  await stage.broker.rollouts.freeLocks(await stage.broker.rollouts.locks());
  await scheduler.beat();
  assert.deepEqual(await begun(stage), [2, 2]);
  assert.deepEqual(await stage.broker.slots.unsent(), []);
});

test('the next host has its order at the first look after the one before has said that it is done', async () => {
  await using stage = await setLimitedStage('one');
  const scheduler = stage.scheduler();
  await scheduler.beat();
  stage.time.now += HOUR;
  assert.equal(await scheduler.beat(), stage.time.now + 2000, 'it looks again soon');
  assert.deepEqual(await begun(stage), [1, 0]);

  const job = jobIdSchema.parse((await stage.jobs('web1'))[0]);
  const { report } = reportOf(job, host('web1'), doneEvent);
  const key = await readSigningKey(hostKeyFile(stage.folder.path, 'web1'));
  await using worker = await openWorkerBroker(stage.redis.settings);
  await worker.report(runOf(job), sealReport(report, key));
  await scheduler.beat();

  assert.deepEqual(await begun(stage), [1, 1]);
  assert.deepEqual(await stage.broker.slots.unsent(), []);
});
