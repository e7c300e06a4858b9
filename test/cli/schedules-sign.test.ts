import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder } from '../support/fleet-folder.ts';

const NOW = Date.parse('2026-12-24T12:00Z');
const DAILY = '{ task: system.ping, target: { roles: [webserver] }, cron: "0 3 * * *" }';
const SCHEDULES = ['one', 'two', 'three'].map((name) => `  ${name}: ${DAILY}\n`).join('');

function runIn({ path }: FleetFolder): (...args: readonly string[]) => Promise<CliResult> {
  return async (...args) => await runCli(args, { cwd: path, clock: { now: () => NOW } });
}

/** The schedules that have standing orders. */
async function standing({ path }: FleetFolder): Promise<readonly string[]> {
  const file: unknown = JSON.parse(await readFile(join(path, 'celeroot.standing'), 'utf8'));
  assert.ok(typeof file === 'object' && file !== null && 'orders' in file && typeof file.orders === 'object');
  return Object.keys(file.orders ?? {}).toSorted();
}

test('schedules that are signed at the same time by two are all signed', async () => {
  await using folder = await makeFleetFolder({ more: `schedules:\n${SCHEDULES}` });
  const run = runIn(folder);

  const signed = await Promise.all(['one', 'two', 'three'].map((name) => run('schedules', 'sign', name)));

  assert.deepEqual(
    signed.map(({ code }) => code),
    [0, 0, 0],
  );
  assert.deepEqual(await standing(folder), ['one', 'three', 'two']);
});

test('what is signed for schedules, and taken out, is in the journal', async () => {
  await using folder = await makeFleetFolder({ more: `schedules:\n${SCHEDULES}` });
  const run = runIn(folder);
  assert.equal((await run('schedules', 'sign', 'one')).code, 0);
  assert.match((await run('schedules', 'sign', 'one')).stdout, /^nothing to sign/);
  const text = await readFile(folder.file, 'utf8');
  await writeFile(folder.file, text.replace('  one:', '  other:'));
  assert.match((await run('schedules', 'sign', 'two')).stdout, /^signed two, for a year; took out one\n/);

  const { stdout } = await run('audit', 'ls');
  const lines = stdout.split('\n').map((line) => line.trimEnd());

  assert.match(lines[1] ?? '', /^4 .* schedule unsigned +tester@here +one$/);
  assert.match(
    lines[2] ?? '',
    /^3 .* schedule signed +tester@here +two +system\.ping, until 2027-12-2\d \d\d:\d\d:\d\d$/,
  );
  assert.match(lines[3] ?? '', /^2 .* schedule signed +tester@here +one +system\.ping, until /);
  assert.match(lines[4] ?? '', /^1 .* journal-begun$/);
});

test('what cannot be written down is not signed', async () => {
  await using folder = await makeFleetFolder({ more: `journal: celeroot.yaml/journal\nschedules:\n${SCHEDULES}` });

  const { code, stderr } = await runIn(folder)('schedules', 'sign');

  assert.equal(code, 3);
  assert.match(stderr, /^error\[JOURNAL_UNUSABLE\]: /);
  await assert.rejects(standing(folder), { code: 'ENOENT' });
});
