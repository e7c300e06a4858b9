import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTiming, type WrittenTiming } from './read-timing.ts';
import { nextSlot, type Timing } from './slots.ts';
import { openZone, UTC } from './zone.ts';

function timing(written: WrittenTiming | string, zone = 'UTC'): Timing {
  const found = openZone(zone);
  assert.ok(found !== null, zone);
  const read = readTiming(typeof written === 'string' ? { cron: written } : written, found, 'x');
  assert.ok('timing' in read, 'problem' in read ? read.problem : '');
  return read.timing;
}

/** The slots after a moment, as `03-09T07:00Z`. */
function slots(of: Timing, from: string, count: number): readonly string[] {
  const found: string[] = [];
  let at: number | null = Date.parse(from);
  while (found.length < count && at !== null) {
    at = nextSlot(of, at);
    if (at !== null) found.push(`${new Date(at).toISOString().slice(5, 16)}Z`);
  }
  return found;
}

test('New York, spring: 02:30 does not exist and fires once, at 03:00 when the clock has jumped', () => {
  const nightly = timing('30 2 * * *', 'America/New_York');
  // The OCPS draft and other programs have 07:30Z, as if the clock had not jumped; we take the first minute there is.
  assert.deepEqual(slots(nightly, '2025-03-08T00:00Z', 3), ['03-08T07:30Z', '03-09T07:00Z', '03-10T06:30Z']);
  const skipping = timing({ cron: '30 2 * * *', missing_hour: 'skip' }, 'America/New_York');
  assert.deepEqual(slots(skipping, '2025-03-08T00:00Z', 2), ['03-08T07:30Z', '03-10T06:30Z']);
  const several = timing('0,15,30,45 2,3 * * *', 'America/New_York');
  assert.deepEqual(slots(several, '2025-03-09T06:00Z', 3), ['03-09T07:00Z', '03-09T07:15Z', '03-09T07:30Z']);
});

test('New York, autumn: 01:30 is shown twice and fires the first time, also for who asks in between', () => {
  const nightly = timing('30 1 * * *', 'America/New_York');
  assert.deepEqual(slots(nightly, '2025-11-02T00:00Z', 2), ['11-02T05:30Z', '11-03T06:30Z']);
  assert.deepEqual(slots(nightly, '2025-11-02T06:00Z', 1), ['11-03T06:30Z']);
  const both = timing({ cron: '30 1 * * *', repeated_hour: 'both' }, 'America/New_York');
  assert.deepEqual(slots(both, '2025-11-02T00:00Z', 3), ['11-02T05:30Z', '11-02T06:30Z', '11-03T06:30Z']);
});

test('London, both ways', () => {
  const nightly = timing('30 1 * * *', 'Europe/London');
  assert.deepEqual(slots(nightly, '2025-03-29T12:00Z', 2), ['03-30T01:00Z', '03-31T00:30Z']);
  assert.deepEqual(slots(nightly, '2025-10-25T12:00Z', 2), ['10-26T00:30Z', '10-27T01:30Z']);
});

test('a pattern of every hour goes by the hours that pass: none is lost and none comes in a rush', () => {
  const everyMinute = timing('* * * * *', 'America/Los_Angeles');
  const from = Date.parse('2025-11-02T07:00Z');
  let at = from;
  for (let minute = 1; minute <= 240; minute += 1) {
    at = nextSlot(everyMinute, at) ?? 0;
    assert.equal(at, from + minute * 60_000);
  }
  assert.deepEqual(slots(timing('30 * * * *', 'America/New_York'), '2025-03-09T06:00Z', 3), [
    '03-09T06:30Z',
    '03-09T07:30Z',
    '03-09T08:30Z',
  ]);
  assert.deepEqual(slots(timing('15 * * * *', 'America/New_York'), '2025-11-02T05:00Z', 3), [
    '11-02T05:15Z',
    '11-02T06:15Z',
    '11-02T07:15Z',
  ]);
});

test('a schedule in UTC knows nothing of summer, wherever it is read', () => {
  assert.deepEqual(slots(timing('0 * * * *'), '2025-04-05T14:30Z', 4), [
    '04-05T15:00Z',
    '04-05T16:00Z',
    '04-05T17:00Z',
    '04-05T18:00Z',
  ]);
});

test('Lord Howe, whose clock goes back by half an hour, fires whenever it shows the full hour', () => {
  assert.deepEqual(slots(timing('0 * * * *', 'Australia/Lord_Howe'), '2026-04-04T13:30Z', 3), [
    '04-04T14:00Z',
    '04-04T15:30Z',
    '04-04T16:30Z',
  ]);
  assert.deepEqual(slots(timing('45 1 * * *', 'Australia/Lord_Howe'), '2026-04-04T12:00Z', 2), [
    '04-04T14:45Z',
    '04-05T15:15Z',
  ]);
  assert.deepEqual(slots(timing('15 2 * * *', 'Australia/Lord_Howe'), '2026-10-03T12:00Z', 2), [
    '10-03T15:30Z',
    '10-04T15:15Z',
  ]);
});

test('Santiago and Cairo jump at midnight: the day begins at 01:00', () => {
  assert.deepEqual(slots(timing('0 0 * * *', 'America/Santiago'), '2025-09-06T12:00Z', 2), [
    '09-07T04:00Z',
    '09-08T03:00Z',
  ]);
  assert.deepEqual(slots(timing('30 0 * * *', 'Africa/Cairo'), '2025-04-24T12:00Z', 2), [
    '04-24T22:00Z',
    '04-25T21:30Z',
  ]);
});

test('a day that a zone leaves out fires once when it is over', () => {
  assert.deepEqual(slots(timing('0 3 * * *', 'Pacific/Apia'), '2011-12-29T00:00Z', 3), [
    '12-29T13:00Z',
    '12-30T10:00Z',
    '12-30T13:00Z',
  ]);
});

test('west of Greenwich the day of the month is that of the zone', () => {
  assert.deepEqual(slots(timing('0 21 1 * *', 'America/New_York'), '2026-01-01T00:00Z', 2), [
    '01-02T02:00Z',
    '02-02T02:00Z',
  ]);
  assert.deepEqual(slots(timing('0 3 * * *', 'America/New_York'), '2025-03-09T12:00Z', 2), [
    '03-10T07:00Z',
    '03-11T07:00Z',
  ]);
});

test('a pattern that names no day there is has no slot', () => {
  assert.equal(nextSlot(timing('0 0 30 2 *', 'Europe/Amsterdam'), 0), null);
});

test('an interval counts from its anchor, on both sides of it', () => {
  const every = timing({ every: '90m', anchor: '2026-01-01T03:00' }, 'Europe/Amsterdam');
  assert.deepEqual(slots(every, '2026-01-01T02:00Z', 2), ['01-01T03:30Z', '01-01T05:00Z']);
  assert.deepEqual(slots(every, '2025-12-31T22:00Z', 3), ['12-31T23:00Z', '01-01T00:30Z', '01-01T02:00Z']);
  assert.deepEqual(slots(timing({ every: '6h' }), '2026-01-01T00:00Z', 2), ['01-01T06:00Z', '01-01T12:00Z']);
});

test('single times are in order, each once, by the rules of the zone', () => {
  const at = ['2025-11-02T01:30', '2025-03-09T02:30', '2025-03-09T03:00', '2025-05-01T12:00+02:00', '2025-05-01 06:00'];
  const found = slots(timing({ at }, 'America/New_York'), '2025-01-01T00:00Z', 9);
  assert.deepEqual(found, ['03-09T07:00Z', '05-01T10:00Z', '11-02T05:30Z']);
  const both = timing({ at, repeated_hour: 'both', missing_hour: 'skip' }, 'America/New_York');
  assert.deepEqual(slots(both, '2025-05-02T00:00Z', 9), ['11-02T05:30Z', '11-02T06:30Z']);
});

test('times that are none are refused with the key', () => {
  const refused = (written: WrittenTiming): readonly [string | null, string] => {
    const read = readTiming(written, UTC, 'x');
    assert.ok('problem' in read, JSON.stringify(written));
    return [read.key, read.problem];
  };
  assert.deepEqual(refused({}), [null, 'expected exactly one of cron, every, at; none is given']);
  assert.deepEqual(
    refused({ cron: '@daily', every: '1h' })[1],
    'expected exactly one of cron, every, at; got cron and every',
  );
  assert.equal(refused({ cron: '0 3 * *' })[0], 'cron');
  for (const every of ['30s', '367d', '6', 'often']) assert.equal(refused({ every })[0], 'every');
  for (const anchor of ['2026-02-30T03:00', '2026-01-01', 'noon'])
    assert.equal(refused({ every: '6h', anchor })[0], 'anchor');
  for (const at of ['2026-13-01T03:00', '2026-01-01T24:00', '2026-01-01', ''])
    assert.equal(refused({ at: [at] })[0], 'at');
  assert.equal(refused({ cron: '@daily', anchor: '2026-01-01T03:00' })[0], 'anchor');
});

test('what is no zone is not taken for one', () => {
  for (const name of ['Europe/Amsterdm', '+01:00', '2026-01-01T00:00Z', '', 'UTC+1', '../zone', '[UTC]']) {
    assert.equal(openZone(name), null, name);
  }
});
