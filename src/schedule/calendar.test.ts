import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Calendar, spansOf } from './calendar.ts';
import { readCron } from './cron.ts';
import { readIcal } from './ical.ts';
import { openZone, UTC } from './zone.ts';

/** When a calendar holds within two days, as `2026-03-28T21:00Z/…`. */
function spans(
  times: Calendar['times'],
  { kind = 'freeze', zone = 'UTC', from, to }: { kind?: Calendar['kind']; zone?: string; from: string; to: string },
): readonly string[] {
  const calendar = { name: 'c', kind, zone: openZone(zone) ?? UTC, times } as const;
  const found = spansOf(calendar, { start: Date.parse(from), end: Date.parse(to) });
  return found.map(({ start, end }) =>
    [start, end].map((at) => `${new Date(at).toISOString().slice(0, 16)}Z`).join('/'),
  );
}

function events(...lines: readonly string[]): Calendar['times'] {
  const text = ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
  const read = readIcal(text);
  assert.ok('events' in read, 'problem' in read ? `${read.line}: ${read.problem}` : '');
  return read.events.map((event) => ({ kind: 'event', event }));
}

function event(...lines: readonly string[]): readonly string[] {
  return ['BEGIN:VEVENT', 'UID:1', ...lines, 'END:VEVENT'];
}

function refused(...lines: readonly string[]): string {
  const read = readIcal(['BEGIN:VCALENDAR', ...event(...lines), 'END:VCALENDAR'].join('\n'));
  return 'problem' in read ? `${read.line}: ${read.problem}` : 'taken';
}

test('a window by pattern is as long as the clock on the wall shows, also when the clock is changed in it', () => {
  const read = readCron('0 22 * * *', '');
  assert.ok('pattern' in read);
  const times = [{ kind: 'cron', pattern: read.pattern, lengthMs: 8 * 3_600_000 }] as const;
  const zone = 'Europe/Amsterdam';
  assert.deepEqual(spans(times, { zone, from: '2026-03-28T20:00Z', to: '2026-03-29T20:00Z' }), [
    '2026-03-28T21:00Z/2026-03-29T04:00Z',
  ]);
  assert.deepEqual(spans(times, { zone, from: '2026-10-24T12:00Z', to: '2026-10-25T12:00Z' }), [
    '2026-10-24T20:00Z/2026-10-25T05:00Z',
  ]);
  assert.deepEqual(spans(times, { zone, from: '2026-06-02T03:59Z', to: '2026-06-02T04:00Z' }), [
    '2026-06-01T20:00Z/2026-06-02T04:00Z',
  ]);
  assert.deepEqual(spans(times, { zone, from: '2026-06-02T04:00Z', to: '2026-06-02T20:00Z' }), []);
});

test('an end that the clock shows twice is the second in a freeze and the first in maintenance', () => {
  const night = { zone: 'Europe/Amsterdam', from: '2026-10-24T20:00Z', to: '2026-10-25T12:00Z' };
  const read = readCron('0 1 * * *', '');
  assert.ok('pattern' in read);
  const once = { kind: 'once', from: Date.parse('2026-10-25T01:00Z'), until: Date.parse('2026-10-25T02:00Z') } as const;
  const pattern = { kind: 'cron', pattern: read.pattern, lengthMs: 3_600_000 } as const;
  for (const times of [[once], [pattern], events(...event('DTSTART:20261025T010000', 'DTEND:20261025T020000'))]) {
    assert.deepEqual(spans(times, night), ['2026-10-24T23:00Z/2026-10-25T01:00Z']);
    assert.deepEqual(spans(times, { ...night, kind: 'maintenance' }), ['2026-10-24T23:00Z/2026-10-25T00:00Z']);
  }
});

test('windows that overlap or touch are one', () => {
  const read = readCron('0 */2 * * *', '');
  assert.ok('pattern' in read);
  const times = [{ kind: 'cron', pattern: read.pattern, lengthMs: 2 * 3_600_000 }] as const;
  assert.deepEqual(spans(times, { from: '2026-06-02T01:00Z', to: '2026-06-02T07:00Z' }), [
    '2026-06-02T00:00Z/2026-06-02T08:00Z',
  ]);
});

test('days of an iCalendar file are those of the calendar’s zone', () => {
  const times = events(...event('DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227', 'SUMMARY:Freeze\\, all'));
  assert.deepEqual(spans(times, { zone: 'America/New_York', from: '2026-12-20T00:00Z', to: '2027-01-01T00:00Z' }), [
    '2026-12-24T05:00Z/2026-12-27T05:00Z',
  ]);
  const oneDay = events(...event('DTSTART;VALUE=DATE:20261224'));
  assert.deepEqual(spans(oneDay, { from: '2026-12-20T00:00Z', to: '2027-01-01T00:00Z' }), [
    '2026-12-24T00:00Z/2026-12-25T00:00Z',
  ]);
});

test('times of an iCalendar file are in their own zone, in UTC, or in that of the calendar', () => {
  const within = { zone: 'America/New_York', from: '2026-06-01T00:00Z', to: '2026-06-03T00:00Z' };
  const own = event('DTSTART;TZID="Europe/Amsterdam":20260601T180000', 'DTEND;TZID=Europe/Amsterdam:20260601T200000');
  assert.deepEqual(spans(events(...own), within), ['2026-06-01T16:00Z/2026-06-01T18:00Z']);
  const utc = event('DTSTART:20260601T180000Z', 'DURATION:PT1H30M');
  assert.deepEqual(spans(events(...utc), within), ['2026-06-01T18:00Z/2026-06-01T19:30Z']);
  const floating = event('DTSTART:20260601T180000', 'DTEND:20260601T200000');
  assert.deepEqual(spans(events(...floating), within), ['2026-06-01T22:00Z/2026-06-02T00:00Z']);
  const mixed = event('DTSTART;TZID=Europe/Amsterdam:20260601T180000', 'DTEND:20260601T180000Z');
  assert.deepEqual(spans(events(...mixed), within), ['2026-06-01T16:00Z/2026-06-01T18:00Z']);
});

/** The days on which an event of an hour at 10:00 begins in a time. */
function days(
  rule: string,
  start: string,
  { to, more = [] }: { to: string; more?: readonly string[] },
): readonly string[] {
  const times = events(
    ...event(`DTSTART:${start}T100000`, 'DURATION:PT1H', ...(rule === '' ? [] : [`RRULE:${rule}`]), ...more),
  );
  return spans(times, { from: '2026-01-01T00:00Z', to }).map((text) => text.slice(0, 10));
}

test('recurrences of the RFC find their days', () => {
  const to = '2026-04-01T00:00Z';
  assert.deepEqual(days('FREQ=DAILY;INTERVAL=10;COUNT=4', '20260105', { to }), [
    '2026-01-05',
    '2026-01-15',
    '2026-01-25',
    '2026-02-04',
  ]);
  assert.deepEqual(days('FREQ=DAILY;UNTIL=20260107', '20260105', { to }), ['2026-01-05', '2026-01-06', '2026-01-07']);
  assert.deepEqual(days('FREQ=DAILY;UNTIL=20260106T090000', '20260105', { to }), ['2026-01-05']);
  assert.deepEqual(days('FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=5', '20260106', { to }), [
    '2026-01-06',
    '2026-01-08',
    '2026-01-20',
    '2026-01-22',
    '2026-02-03',
  ]);
  // The example of RFC 5545 in which the first day of the week makes the difference.
  assert.deepEqual(days('FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO', '20260106', { to }), [
    '2026-01-06',
    '2026-01-11',
    '2026-01-20',
    '2026-01-25',
  ]);
  assert.deepEqual(days('FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU', '20260106', { to }), [
    '2026-01-06',
    '2026-01-18',
    '2026-01-20',
    '2026-02-01',
  ]);
  assert.deepEqual(days('FREQ=MONTHLY;BYDAY=2TU', '20260113', { to }), ['2026-01-13', '2026-02-10', '2026-03-10']);
  assert.deepEqual(days('FREQ=MONTHLY;BYDAY=-1FR', '20260130', { to }), ['2026-01-30', '2026-02-27', '2026-03-27']);
  assert.deepEqual(days('FREQ=MONTHLY;BYMONTHDAY=-1', '20260131', { to }), ['2026-01-31', '2026-02-28', '2026-03-31']);
  assert.deepEqual(days('FREQ=MONTHLY', '20260131', { to }), ['2026-01-31', '2026-03-31']);
  assert.deepEqual(days('FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR', '20260213', { to }), ['2026-02-13', '2026-03-13']);
  assert.deepEqual(days('FREQ=YEARLY', '20200115', { to }), ['2026-01-15']);
  assert.deepEqual(days('FREQ=YEARLY;INTERVAL=4', '20200115', { to }), []);
  assert.deepEqual(days('FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU', '20200329', { to }), ['2026-03-29']);
});

test('a position is among the days that a rule names in its month or year', () => {
  const to = '2029-01-01T00:00Z';
  for (const day of ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']) {
    for (const nth of [1, 2, 3, 4, 5, -1, -2, -3, -4, -5]) {
      const of = (frequency: string, which: string): readonly string[] =>
        days(`FREQ=${frequency};BYMONTH=3,10;${which}`, '20260115', { to });
      const byNumber = of('MONTHLY', `BYDAY=${nth}${day}`);
      assert.ok(byNumber.length > 1);
      assert.deepEqual(of('MONTHLY', `BYDAY=${day};BYSETPOS=${nth}`), byNumber);
    }
  }
  assert.deepEqual(days('FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1', '20260130', { to: '2026-04-01T00:00Z' }), [
    '2026-01-30',
    '2026-02-02',
    '2026-02-27',
    '2026-03-02',
    '2026-03-31',
  ]);
  assert.deepEqual(days('FREQ=YEARLY;BYMONTH=3,10;BYDAY=SU;BYSETPOS=-1', '20261025', { to }), [
    '2026-10-25',
    '2027-10-31',
    '2028-10-29',
  ]);
});

test('dates are added, left out, moved and cancelled', () => {
  const to = '2026-02-01T00:00Z';
  const more = ['EXDATE:20260106T100000,20260107T100000', 'RDATE:20260120T100000'];
  assert.deepEqual(days('FREQ=DAILY;COUNT=4', '20260105', { to, more }), ['2026-01-05', '2026-01-08', '2026-01-20']);
  const series = event('DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3');
  const moved = event('RECURRENCE-ID:20260106T100000Z', 'DTSTART:20260110T100000Z', 'DURATION:PT1H');
  const gone = event('RECURRENCE-ID:20260107T100000Z', 'DTSTART:20260107T100000Z', 'DURATION:PT1H', 'STATUS:CANCELLED');
  const found = spans(events(...series, ...moved, ...gone), { from: '2026-01-01T00:00Z', to });
  assert.deepEqual(
    found.map((text) => text.slice(0, 10)),
    ['2026-01-05', '2026-01-10'],
  );
});

test('one of a series that is moved to another zone is moved, and not there twice', () => {
  const series = event('DTSTART;TZID=Europe/Amsterdam:20260601T220000', 'DURATION:PT2H', 'RRULE:FREQ=DAILY;COUNT=3');
  for (const id of ['RECURRENCE-ID;TZID=Europe/Amsterdam:20260602T220000', 'RECURRENCE-ID:20260602T200000Z']) {
    for (const start of ['DTSTART:20260602T100000Z', 'DTSTART;TZID=America/New_York:20260602T060000']) {
      const times = events(...series, ...event(id, start, 'DURATION:PT1H'));
      assert.deepEqual(spans(times, { from: '2026-06-01T00:00Z', to: '2026-06-05T00:00Z' }), [
        '2026-06-01T20:00Z/2026-06-01T22:00Z',
        '2026-06-02T10:00Z/2026-06-02T11:00Z',
        '2026-06-03T20:00Z/2026-06-03T22:00Z',
      ]);
    }
  }
});

test('lines are unfolded, and what is nested in an event is not of the event', () => {
  const alarm = ['BEGIN:VALARM', 'TRIGGER:-PT15M', 'DURATION:PT9H', 'END:VALARM'];
  const times = events(...event('DTSTA', ' RT:20260105T10', '\t0000Z', ...alarm, 'DURATION:PT1H'));
  assert.deepEqual(spans(times, { from: '2026-01-01T00:00Z', to: '2026-02-01T00:00Z' }), [
    '2026-01-05T10:00Z/2026-01-05T11:00Z',
  ]);
});

test('what would have to be guessed at is refused with its line', () => {
  assert.equal(refused('SUMMARY:x'), '2: an event has no DTSTART');
  assert.match(refused('DTSTART:20260231'), /^4: DTSTART: 20260231 is no date or time$/);
  assert.match(refused('DTSTART;TZID=Home:20260101T100000'), /^4: DTSTART: there is no time zone Home /);
  assert.match(refused('DTSTART:20260102', 'DTEND:20260101'), /^5: an event ends before it begins$/);
  assert.match(refused('DTSTART:20260102', 'DURATION:-PT1H'), /^5: DURATION: -PT1H is no duration$/);
  assert.match(refused('DTSTART:20260102', 'RDATE;VALUE=PERIOD:20260101T100000Z/PT1H'), /^5: RDATE: /);
  assert.match(
    refused('DTSTART:20260102', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20260102'),
    /^5: .*RANGE is not supported$/,
  );
  assert.match(refused('DTSTART:20260102T100000Z', 'EXDATE;VALUE=DATE:20260103'), /^5: EXDATE: a day, and the event/);
  assert.match(
    refused('DTSTART:20260102T100000', 'EXDATE:20260103T100000Z'),
    /^5: EXDATE: a time in UTC, and the event/,
  );
  assert.match(refused('DTSTART:20260102T100000', 'DTEND:20260103T100000Z'), /^5: DTEND: a time in UTC, and the event/);
  assert.match(refused('DTSTART:20260102', 'RRULE:FREQ=DAILY;UNTIL=20260105T230000Z'), /^5: RRULE: UNTIL in UTC/);
  assert.match(refused('DTSTART:20260102', 'RRULE=FREQ=DAILY'), /^5: a line is not understood$/);
  assert.match(refused('DTSTART:20260102', 'RRULE:FREQ=DAILY', 'EXRULE:FREQ=WEEKLY'), /^6: another EXRULE/);
  assert.match(refused('DTSTART:20260102', 'RRULE:FREQ=DAILY', 'RRULE:FREQ=WEEKLY'), /^6: another RRULE/);
  for (const [rule, what] of [
    ['FREQ=HOURLY', 'FREQ=HOURLY'],
    ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0', 'BYSETPOS=0'],
    ['FREQ=MONTHLY;BYSETPOS=1', 'BYSETPOS without BYDAY'],
    ['FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1', 'BYSETPOS and FREQ=WEEKLY'],
    ['FREQ=YEARLY;BYWEEKNO=20', 'BYWEEKNO'],
    ['FREQ=YEARLY;BYDAY=1MO', 'BYDAY and FREQ=YEARLY without BYMONTH'],
    ['FREQ=WEEKLY;BYDAY=1MO', 'BYDAY with a number'],
    ['FREQ=WEEKLY;BYMONTHDAY=1', 'BYMONTHDAY and FREQ=WEEKLY'],
    ['FREQ=DAILY;BYDAY=XX', 'BYDAY=XX'],
    ['FREQ=DAILY;COUNT=0', 'COUNT=0'],
    ['FREQ=DAILY;INTERVAL=X', 'INTERVAL=X'],
    ['FREQ=DAILY;UNTIL=soon', 'UNTIL=SOON'],
  ] as const) {
    const said = refused('DTSTART:20260102', `RRULE:${rule}`);
    assert.ok(said.startsWith('5: RRULE: ') && said.includes(what), `${rule}: ${said}`);
  }
  assert.deepEqual(readIcal('hello'), {
    problem: 'it is no iCalendar file: it does not begin with BEGIN:VCALENDAR',
    line: 1,
  });
  assert.deepEqual(readIcal('BEGIN:VCALENDAR\nBEGIN:VEVENT\n'), { problem: 'it ends before END:VCALENDAR', line: 2 });
});
