import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CronPattern, readCron } from './cron.ts';
import { nextNamed } from './cron-times.ts';

function pattern(text: string, seed = 'x'): CronPattern {
  const read = readCron(text, seed);
  assert.ok('pattern' in read, `${text}: ${'problem' in read ? read.problem : ''}`);
  return read.pattern;
}

function weekdays(text: string): readonly number[] {
  return [...pattern(text).weekdays].toSorted((one, other) => one - other);
}

function problem(text: string): string {
  const read = readCron(text, 'x');
  assert.ok('problem' in read, `${text} was taken`);
  return read.problem;
}

/** The times a pattern names, as the clock shows them. */
function times(text: string, from: string, count: number): readonly string[] {
  const found: string[] = [];
  let at = Date.parse(`${from}Z`);
  while (found.length < count) {
    const next = nextNamed(pattern(text), at, at + 50 * 366 * 86_400_000);
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(0, 16));
    at = next + 60_000;
  }
  return found;
}

test('lists, ranges, steps and names of a field mean what they mean to cron', () => {
  assert.deepEqual(pattern('0,15,30,45 * * * *').minutes, [0, 15, 30, 45]);
  assert.deepEqual(pattern('*/25 * * * *').minutes, [0, 25, 50]);
  assert.deepEqual(pattern('10-20/5,3 * * * *').minutes, [3, 10, 15, 20]);
  assert.deepEqual(pattern('30 22-2 * * *').hours, [0, 1, 2, 22, 23]);
  assert.deepEqual(pattern('55-5/5 0 * * *').minutes, [0, 5, 55]);
  assert.deepEqual([...pattern('0 0 * nov-feb *').months], [1, 2, 11, 12]);
  assert.deepEqual(weekdays('0 0 * * FRI-Mon'), [0, 1, 5, 6]);
  assert.deepEqual(weekdays('0 0 * * 0-7'), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...pattern('0 0 * * 7').weekdays], [0]);
  assert.deepEqual(weekdays('0 0 * * 5-7'), [0, 5, 6]);
  assert.deepEqual(pattern('  0   3 * * * '), pattern('0 3 * * *'));
  assert.deepEqual(pattern('@Daily'), pattern('0 0 * * *'));
  assert.deepEqual(pattern('@weekly'), pattern('0 0 * * 0'));
});

test('what is no pattern is refused with the field and the word', () => {
  assert.match(problem('0 3 * *'), /^expected five fields .*, got 4$/);
  assert.match(problem('0 0 3 * * *'), /got 6; there is no field for seconds$/);
  assert.match(problem(''), /got 1$/);
  assert.match(problem('60 3 * * *'), /^minute: 60 is not one of 0-59$/);
  assert.match(problem('0 24 * * *'), /^hour: 24 /);
  assert.match(problem('0 0 0 * *'), /^day of month: 0 /);
  assert.match(problem('0 0 31-1 * *'), /^day of month: 31-1 goes backwards: write 1-31$/);
  assert.match(problem('0 0 * 13 *'), /^month: 13 is not one of 1-12 or jan-dec$/);
  assert.match(problem('0 0 * * 8'), /^day of week: 8 /);
  assert.match(problem('0 0 * * fry'), /^day of week: fry /);
  assert.match(problem('*/0 * * * *'), /^minute: expected a step of 1 to 60, got 0$/);
  assert.match(problem('*/61 * * * *'), /^minute: expected a step of 1 to 60, got 61$/);
  assert.match(problem('0 0 * * */8'), /^day of week: expected a step of 1 to 7, got 8$/);
  assert.match(problem('5/15 * * * *'), /^minute: a step needs a range: write 5-59\/15$/);
  assert.match(problem('1,,2 * * * *'), /^minute: "" is not understood; write \*, one of 0-59, a range such as 1-3, /);
  assert.match(problem('-5 * * * *'), /^minute: "-5" is not understood; /);
  assert.match(problem('1-2-3 * * * *'), /^minute: "1-2-3" is not understood; /);
  assert.match(problem('0 0 * * fri#6'), /^day of week: "fri#6" is not understood; .* as fri#2 \(1 to 5\) or friL, /);
  assert.match(problem('0 L * * *'), /^hour: L is not/);
  assert.match(problem('0 0 ? * *'), /^day of month: "\?" is not understood; write \*, .*, L for the last day, /);
  assert.match(problem('H(30-10) * * * *'), /^minute: 30-10 goes backwards: write 10-30$/);
  assert.match(problem('TZ=UTC 0 3 * * *'), /timezone:/);
  assert.match(problem('@often'), /^@often is not known; known are @hourly/);
});

test('days of the month, days of the week and months combine as in every cron', () => {
  // 2026-06-05 is a Friday and neither the 13th nor in March; and so on through all that can be true of a day.
  const days = ['2026-06-05', '2026-06-13', '2026-02-13', '2026-06-10', '2026-03-06', '2026-03-13', '2026-11-13'];
  const named = (text: string): readonly string[] =>
    days.filter((day) => times(text, `${day}T00:00`, 1)[0] === `${day}T00:00`);
  assert.deepEqual(named('0 0 * * *'), days);
  assert.deepEqual(
    named('0 0 * * fri'),
    days.filter((day) => !['2026-06-13', '2026-06-10'].includes(day)),
  );
  assert.deepEqual(named('0 0 13 * *'), ['2026-06-13', '2026-02-13', '2026-03-13', '2026-11-13']);
  assert.deepEqual(
    named('0 0 13 * fri'),
    days.filter((day) => day !== '2026-06-10'),
  );
  assert.deepEqual(named('0 0 * 3 *'), ['2026-03-06', '2026-03-13']);
  assert.deepEqual(named('0 0 * 3 fri'), ['2026-03-06', '2026-03-13']);
  assert.deepEqual(named('0 0 13 3 *'), ['2026-03-13']);
  assert.deepEqual(named('0 0 13 3 fri'), ['2026-03-06', '2026-03-13']);
  // With an asterisk in front both are to be true: every other weekday, and the 13th.
  assert.deepEqual(named('0 0 13 * */2'), ['2026-06-13']);
  assert.deepEqual(named('0 0 */13 * fri'), []);
});

test('L, # and leap days find their days', () => {
  assert.deepEqual(times('0 12 L * *', '2028-01-15T00:00', 4), [
    '2028-01-31T12:00',
    '2028-02-29T12:00',
    '2028-03-31T12:00',
    '2028-04-30T12:00',
  ]);
  assert.deepEqual(times('0 0 * * tue#2', '2026-01-01T00:00', 3), [
    '2026-01-13T00:00',
    '2026-02-10T00:00',
    '2026-03-10T00:00',
  ]);
  assert.deepEqual(times('0 0 * * fri#5', '2026-01-01T00:00', 2), ['2026-01-30T00:00', '2026-05-29T00:00']);
  assert.deepEqual(times('0 0 * * sunL,7#1', '2026-02-01T00:00', 3), [
    '2026-02-01T00:00',
    '2026-02-22T00:00',
    '2026-03-01T00:00',
  ]);
  assert.deepEqual(times('0 0 29 2 *', '2026-01-01T00:00', 2), ['2028-02-29T00:00', '2032-02-29T00:00']);
  assert.deepEqual(times('0 0 29 2 *', '2097-01-01T00:00', 1), ['2104-02-29T00:00']);
  assert.deepEqual(times('0 0 1 */3 *', '2026-01-02T00:00', 4), [
    '2026-04-01T00:00',
    '2026-07-01T00:00',
    '2026-10-01T00:00',
    '2027-01-01T00:00',
  ]);
  assert.deepEqual(times('0 0 31 4,6,9,11 *', '2026-01-01T00:00', 1), []);
});

test('H is one value within its range, always the same for a name, and not the same for all names', () => {
  const seeds = Array.from({ length: 200 }, (_, index) => `s${index}`);
  const minutes = seeds.map((seed) => pattern('H H(1-5) H * *', seed));
  assert.deepEqual(
    minutes,
    seeds.map((seed) => pattern('H H(1-5) H * *', seed)),
  );
  assert.ok(minutes.every(({ minutes: list, hours }) => list.length === 1 && hours.length === 1));
  assert.deepEqual(new Set(minutes.flatMap(({ hours }) => hours)), new Set([1, 2, 3, 4, 5]));
  assert.ok(new Set(minutes.flatMap(({ minutes: list }) => list)).size > 40);
  assert.ok(minutes.every(({ monthDays }) => [...monthDays].every((day) => day >= 1 && day <= 28)));
  for (const seed of seeds) {
    const [first = 0, ...rest] = pattern('H/15 * * * *', seed).minutes;
    assert.ok(first < 15);
    assert.deepEqual(rest, [first + 15, first + 30, first + 45]);
  }
});
