import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { loadFleet } from '../../src/config/load.ts';
import { scheduleNameSchema } from '../../src/core/names.ts';
import { readLastSlots } from '../../src/fleet/believe-slots.ts';
import { witnessOf } from '../../src/fleet/witness.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil } from '../support/redis.ts';
import { spawnService, type SpawnedService } from '../support/spawn-service.ts';
import { CELEROOT } from '../support/worker.ts';

forbidLeaks();

/** What a scheduler says of each state of the file that it has looked at. */
const LOOKED = /^read .* anew: |was changed and is not good, so what it said before goes on: /;

test('while the file is edited to nonsense and back, two schedulers decide each slot, and once', async () => {
  await using redis = await startRedis();
  const from = Math.ceil(Date.now() / 1000) * 1000 + 8000;
  const moments = Array.from({ length: 15 }, (_, index) => from + index * 2000);
  const at = moments.map((moment) => `"${new Date(moment).toISOString().slice(0, 19)}Z"`).join(', ');
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    more: `schedules:\n  often: { task: system.ping, target: { hosts: [web1] }, at: [${at}], overlap: allow }\n`,
  });
  await using one = spawnService([...CELEROOT, 'scheduler', folder.file, '--beat']);
  await using other = spawnService([...CELEROOT, 'scheduler', folder.file, '--beat']);
  await one.says(/^scheduler of fleet/);
  await other.says(/^scheduler of fleet/);
  const text = await readFile(folder.file, 'utf8');
  const more = `${text}  more: { task: system.ping, target: { all: true }, every: 1h }\n`;

  const looks = ({ lines }: SpawnedService): number => lines.filter((line) => LOOKED.test(line)).length;
  for (const [index, edit] of ['schedules: }{', more, '', text, `${text}  more: {}\n`, more, text].entries()) {
    await writeFile(folder.file, edit);
    await waitUntil(() => looks(one) > index && looks(other) > index, `edit ${index} to be seen`, 30_000);
  }
  const often = scheduleNameSchema.parse('often');
  await using broker = await openControllerBroker({ ...redis.settings, environment: null });
  const last = moments.at(-1) ?? assert.fail();
  await waitUntil(async () => (await broker.slots.last(often, 1))[0]?.id.slot === last, 'the last slot', 60_000);

  const witness = await witnessOf(loadFleet(folder.file, {}), Date.now());
  const { slots: records } = await readLastSlots(broker, witness, { schedule: often, count: 100 });
  assert.deepEqual(
    records.map(({ slot }) => slot),
    moments.toReversed(),
  );
  const lines = [...one.lines, ...other.lines];
  const fired = records.flatMap((record) => (record.kind === 'fire' ? [record.run] : []));
  const told = lines.flatMap((line) => /^often: .* fires as run (\w{26})/.exec(line)?.[1] ?? []);
  assert.deepEqual(told.toSorted(), fired.toSorted());
  assert.ok(fired.length > 0);
});

test('a rule that is written otherwise just before its slot keeps it', async () => {
  await using redis = await startRedis();
  const from = Math.ceil(Date.now() / 1000) * 1000 + 8000;
  const moments = Array.from({ length: 6 }, (_, index) => from + index * 4000);
  const at = moments.map((moment) => `"${new Date(moment).toISOString().slice(0, 19)}Z"`).join(', ');
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}" }`,
    more: `schedules:\n  often: { task: system.ping, target: { hosts: [web1] }, at: [${at}], overlap: allow }\n`,
  });
  await using scheduler = spawnService([...CELEROOT, 'scheduler', folder.file, '--beat']);
  await scheduler.says(/^scheduler of fleet/);
  const text = await readFile(folder.file, 'utf8');

  for (const [index, moment] of moments.entries()) {
    await waitUntil(() => Date.now() >= moment - 600, 'the moment before a slot', 30_000);
    await writeFile(folder.file, index % 2 === 0 ? text.replaceAll('Z"', '+00:00"') : text);
  }
  const often = scheduleNameSchema.parse('often');
  await using broker = await openControllerBroker({ ...redis.settings, environment: null });
  const last = moments.at(-1) ?? assert.fail();
  await waitUntil(async () => (await broker.slots.last(often, 1))[0]?.id.slot === last, 'the last slot', 30_000);

  const decided = (await broker.slots.last(often, 100)).map(({ id }) => id.slot);
  assert.deepEqual(decided, moments.toReversed());
});
