import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIcal } from './ical.ts';
import { DAY_MS } from './wall-clock.ts';
import { WINDOWS_ZONES } from './windows-zones.ts';
import { openZone, type Zone } from './zone.ts';

/** The zone that an event is in, or the problem with the file. */
function zoneIn(id: string, ...vtimezone: readonly string[]): Zone | string {
  const event = ['BEGIN:VEVENT', `DTSTART;TZID="${id}":20260105T100000`, 'DURATION:PT1H', 'END:VEVENT'];
  const read = readIcal(['BEGIN:VCALENDAR', ...vtimezone, ...event, 'END:VCALENDAR'].join('\r\n'));
  if ('problem' in read) return `${read.line}: ${read.problem}`;
  return read.events[0]?.zone ?? 'none';
}

function vtimezone(id: string, ...parts: readonly (readonly string[])[]): readonly string[] {
  return ['BEGIN:VTIMEZONE', `TZID:${id}`, ...parts.flat(), 'END:VTIMEZONE'];
}

function part(kind: string, [offsets, ...lines]: readonly [string, ...string[]]): readonly string[] {
  const [from, to] = offsets.split(' ');
  return [`BEGIN:${kind}`, `TZOFFSETFROM:${from}`, `TZOFFSETTO:${to}`, ...lines, `END:${kind}`];
}

/** The days of a time on which two zones do not show the same, asked every three hours. */
function differences(one: Zone, other: Zone, [first, last]: readonly [string, string]): readonly string[] {
  const days = new Set<string>();
  for (let at = Date.parse(first); at < Date.parse(last); at += DAY_MS / 8) {
    if (one.stretchAt(at).offset !== other.stretchAt(at).offset) days.add(new Date(at).toISOString().slice(0, 10));
  }
  return [...days];
}

test('every zone that Windows names is one of the IANA database', () => {
  for (const [id, name] of WINDOWS_ZONES) {
    const zone = zoneIn(id);
    assert.equal(typeof zone === 'string' ? zone : zone.name, name);
  }
});

test('a zone that only the file knows is what its VTIMEZONE says, as Outlook writes it', () => {
  for (const [name, id, standard, daylight] of [
    [
      'Europe/Amsterdam',
      '(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna',
      ['+0200 +0100', 'DTSTART:16010101T030000', 'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10'],
      ['+0100 +0200', 'DTSTART:16010101T020000', 'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3'],
    ],
    [
      'America/New_York',
      'Our office',
      ['-0400 -0500', 'DTSTART:20071104T020000', 'RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11'],
      ['-0500 -0400', 'DTSTART:20070311T020000', 'RRULE:FREQ=YEARLY;BYDAY=SU;BYSETPOS=2;BYMONTH=3'],
    ],
    [
      'Australia/Sydney',
      '/example.org/Sydney',
      ['+1100 +1000', 'DTSTART:20080406T030000', 'RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU'],
      ['+1000 +1100', 'DTSTART:20081005T020000', 'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU'],
    ],
  ] as const) {
    const [known, read] = [
      openZone(name),
      zoneIn(id, ...vtimezone(id.replaceAll(',', '\\,'), part('STANDARD', standard), part('DAYLIGHT', daylight))),
    ];
    assert.ok(known !== null && typeof read !== 'string', name);
    assert.deepEqual(differences(read, known, ['2010-01-01', '2045-01-01']), []);
  }
});

test('a zone may have one distance from UTC, and rules that end or name their days', () => {
  const fixed = zoneIn('Plant', ...vtimezone('Plant', part('STANDARD', ['+0530 +0530', 'DTSTART:16010101T000000'])));
  const india = openZone('Asia/Kolkata');
  assert.ok(india !== null && typeof fixed !== 'string');
  assert.deepEqual(differences(fixed, india, ['2000-01-01', '2030-01-01']), []);

  const spring = ['DTSTART:20250330T020000', 'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20260329T010000Z'] as const;
  const autumn = ['DTSTART:20251026T030000', 'RDATE:20261025T030000'] as const;
  const parts = [part('DAYLIGHT', ['+0100 +0200', ...spring]), part('STANDARD', ['+0200 +0100', ...autumn])];
  const ended = zoneIn('Ended', ...vtimezone('Ended', ...parts));
  const amsterdam = openZone('Europe/Amsterdam');
  assert.ok(amsterdam !== null && typeof ended !== 'string');
  assert.deepEqual(differences(ended, amsterdam, ['2025-01-01', '2027-03-28']), []);
  assert.equal(differences(ended, amsterdam, ['2027-03-29', '2027-10-31']).length, 216);
});

test('a VTIMEZONE that is not understood is refused with its line, and only where it is needed', () => {
  for (const [parts, problem] of [
    [[], '2: the VTIMEZONE Own says nothing of the clock'],
    [[part('STANDARD', ['+0100 1h', 'DTSTART:20260101T000000'])], '6: TZOFFSETTO: 1h is no distance from UTC'],
    [[part('STANDARD', ['+0100 +0100'])], '4: a STANDARD has no DTSTART'],
    [
      [part('STANDARD', ['+0100 +0100', 'DTSTART:20260101T000000', 'RRULE:FREQ=HOURLY'])],
      '8: RRULE: FREQ=HOURLY is not supported',
    ],
  ] as const) {
    assert.equal(zoneIn('Own', ...vtimezone('Own', ...parts)), problem);
    assert.equal(typeof zoneIn('UTC', ...vtimezone('Own', ...parts)), 'object');
  }
  const none = zoneIn('Own', ...vtimezone('Other', part('STANDARD', ['+0100 +0100', 'DTSTART:20260101T000000'])));
  assert.match(
    typeof none === 'string' ? none : none.name,
    /^\d+: DTSTART: there is no time zone Own .* write one such as TZID=Europe\/Amsterdam$/,
  );
});
