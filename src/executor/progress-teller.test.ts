import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportEvent } from '../core/report.ts';
import { progressTeller, type ProgressTeller } from './progress-teller.ts';

const MINUTE = 60_000;

test('progress is told at once, then at most once a second, always the newest', async () => {
  const { teller, told, clock } = setUp();
  const percents: number[] = [];
  for (let percent = 1; percent <= 30; percent += 1) {
    teller.note(`pmstatus:nginx:${percent}:Unpacking nginx`, 'committing');
    await teller.tick(true, 'committing');
    clock.ms += 100;
  }
  for (const event of told) if (event.kind === 'progress') percents.push(event.percent);

  assert.deepEqual(percents, [1, 11, 21]);
});

test('the last progress is told although nothing follows it', async () => {
  const { teller, told, clock } = setUp();
  teller.note('pmstatus:nginx:1:Unpacking nginx', 'committing');
  await teller.tick(true, 'committing');
  teller.note('pmstatus:nginx:99:Setting up \u001B[1mnginx', 'committing');
  await teller.tick(true, 'committing');
  clock.ms += 1000;
  await teller.tick(false, 'committing');
  await teller.tick(false, 'committing');

  assert.equal(told.length, 2);
  assert.deepEqual(told[1], {
    kind: 'progress',
    phase: 'committing',
    percent: 99,
    package: 'nginx',
    text: 'Setting up nginx',
  });
});

test('progress that was not told before its phase was over is not told', async () => {
  const { teller, told, clock } = setUp();
  teller.note('dlstatus:1:50:Retrieving file 1 of 2', 'downloading');
  await teller.tick(true, 'downloading');
  teller.note('dlstatus:2:100:Retrieving file 2 of 2', 'downloading');
  clock.ms += 1000;
  await teller.tick(true, 'committing');

  assert.equal(told.length, 1);
});

test('a long silence is told once, with what was last being done, and again after the next word', async () => {
  const { teller, told, clock } = setUp();
  teller.note('pmstatus:postgresql-16:40:Configuring postgresql-16', 'committing');
  await teller.tick(true, 'committing');
  for (let minutes = 0; minutes < 12; minutes += 1) {
    clock.ms += MINUTE;
    await teller.tick(false, 'committing');
  }
  await teller.tick(true, 'committing');
  clock.ms += 5 * MINUTE;
  await teller.tick(false, 'committing');

  const silences = told.slice(1);
  assert.equal(silences.length, 2);
  assert.deepEqual(silences[0], {
    kind: 'progress',
    phase: 'committing',
    percent: 40,
    package: null,
    text: 'Configuring postgresql-16: silent for 5 min',
  });
});

test('a silence in which apt has said nothing yet names the phase', async () => {
  const { teller, told, clock } = setUp();
  clock.ms += 5 * MINUTE;
  await teller.tick(false, 'refreshing');

  assert.deepEqual(told, [
    { kind: 'progress', phase: 'refreshing', percent: 0, package: null, text: 'refreshing: silent for 5 min' },
  ]);
});

test('what apt said in a phase that is over is no progress', async () => {
  const { teller, told } = setUp();
  teller.note('pmstatus:nginx:100:Installed nginx', 'verifying');
  await teller.tick(true, 'verifying');

  assert.deepEqual(told, []);
});

test('errors, questions and half lines of the status stream are no progress', async () => {
  const { teller, told } = setUp();
  teller.note('pmerror:nginx:50:failed', 'committing');
  teller.note("pmconffile:/etc/a:50:'/etc/a' '/etc/a.dpkg-new' 1 1", 'committing');
  teller.note('pmstat', 'committing');
  teller.note('dlstatus:1:100.0000:Retrieving file 1 of 1', 'committing');
  await teller.tick(true, 'committing');

  assert.deepEqual(told, []);
});

function setUp(): { readonly teller: ProgressTeller; readonly told: ReportEvent[]; readonly clock: { ms: number } } {
  const told: ReportEvent[] = [];
  const clock = { ms: 0 };
  const teller = progressTeller(
    async (event) => void told.push(event),
    () => clock.ms,
  );
  return { teller, told, clock };
}
