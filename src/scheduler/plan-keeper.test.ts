import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFleetFolder, type FleetFolder } from '../../test/support/fleet-folder.ts';
import { keepPlan, type PlanKeeper } from './plan-keeper.ts';

const ONE = 'schedules:\n  one: { task: system.ping, target: { all: true }, every: 1h }\n';
const TWO = `${ONE}  two: { task: system.ping, target: { all: true }, every: 2h }\n`;
const HOLIDAYS = 'calendars:\n  holidays: { kind: freeze, timezone: UTC, files: [holidays.ics] }\n';
const NO_HOLIDAY = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n';

type Scene = AsyncDisposable & { readonly folder: FleetFolder; readonly keeper: PlanKeeper; readonly log: string[] };

async function setScene(): Promise<Scene> {
  const folder = await makeFleetFolder({ more: TWO });
  const log: string[] = [];
  const keeper = await keepPlan({ file: folder.file, env: {} }, (line) => log.push(line));
  return { folder, keeper, log, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

function names({ keeper }: Scene): readonly string[] {
  return keeper.plan().schedules.map(({ schedule }) => schedule.name);
}

test('a file that is still being written is not read, though half of it would do', async () => {
  await using scene = await setScene();
  const { folder, keeper } = scene;
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, text.replace(TWO, ONE));
  assert.equal(await keeper.refresh(), false);
  await writeFile(folder.file, text.replace('two:', 'other:'));
  assert.equal(await keeper.refresh(), false);
  assert.deepEqual(names(scene), ['one', 'two']);
  assert.equal(await keeper.refresh(), true);
  assert.deepEqual(names(scene), ['one', 'other']);
});

test('nonsense is said once and left, and what mends it is seen also where only the nonsense names it', async () => {
  await using scene = await setScene();
  const { folder, keeper, log } = scene;
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, text.replace(TWO, HOLIDAYS + ONE));
  for (let look = 0; look < 4; look += 1) assert.equal(await keeper.refresh(), false);
  assert.deepEqual(names(scene), ['one', 'two']);
  assert.equal(log.length, 1);
  assert.match(log[0] ?? '', /was changed and is not good, so what it said before goes on: .*holidays\.ics/);

  await writeFile(join(folder.path, 'holidays.ics'), NO_HOLIDAY);
  assert.equal(await keeper.refresh(), true);
  assert.deepEqual(names(scene), ['one']);
});

test('what is written while it reads is not taken for read', async () => {
  await using scene = await setScene();
  const { folder, keeper } = scene;
  const text = (await readFile(folder.file, 'utf8')).replace(TWO, HOLIDAYS + TWO);
  await writeFile(join(folder.path, 'holidays.ics'), NO_HOLIDAY);
  for (let round = 0; round < 100; round += 1) {
    await writeFile(folder.file, text.replace('two:', `early${round}:`));
    await keeper.refresh();
    const reading = keeper.refresh();
    // At one moment of its reading after the other.
    for (let turn = 0; turn < round % 8; turn += 1) await new Promise(setImmediate);
    writeFileSync(folder.file, text.replace('two:', `late${round}:`));
    await reading;
    await keeper.refresh();
    await keeper.refresh();
    assert.deepEqual(names(scene), ['one', `late${round}`]);
  }
});
