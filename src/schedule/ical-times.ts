import type { CalendarEvent } from './event-times.ts';
import type { ContentLine } from './ical-lines.ts';
import { IcalProblem } from './ical-problem.ts';
import { readRule, readStamp, type Stamp } from './ical-values.ts';
import { DAY_MS, type WallMs } from './wall-clock.ts';
import { momentsAt, UTC, wallAt, type Zone } from './zone.ts';

/** A time as a line has it; `zone` is null for one that is in no zone. */
export type ZonedStamp = { readonly stamp: Stamp; readonly zone: Zone | null };

/** The time zone that a file means by a TZID; null when there is none. */
export type ZoneFinder = (id: string) => Zone | null;

/** @throws IcalProblem. */
export function readTimeLine(line: ContentLine, findZone: ZoneFinder): ZonedStamp {
  const stamp = readStamp(line.value);
  if (stamp === null) throw new IcalProblem(`${line.name}: ${line.value} is no date or time`, line.line);
  return { stamp, zone: stamp.isUtc ? UTC : zoneOf(line, findZone) };
}

function zoneOf({ name, parameters, line }: ContentLine, findZone: ZoneFinder): Zone | null {
  const id = parameters.get('TZID');
  if (id === undefined) return null;
  const zone = findZone(id);
  if (zone !== null) return zone;
  const what = `there is no time zone ${id} in the IANA database or in Windows, and no VTIMEZONE in the file says what it is`;
  throw new IcalProblem(`${name}: ${what}; write one such as TZID=Europe/Amsterdam`, line);
}

/** The times of a line as the clock of the zone of `beside` shows them. @throws IcalProblem. */
export function wallsOf(line: ContentLine, beside: ZonedStamp, findZone: ZoneFinder): readonly WallMs[] {
  return line.value.split(',').map((value) => wallBeside(beside, readTimeLine({ ...line, value }, findZone), line));
}

/** A time of an event as the clock of its zone shows it. A day beside a time, or UTC beside no zone, could mean several. */
function wallBeside(start: ZonedStamp, { stamp, zone }: ZonedStamp, { name, line }: ContentLine): WallMs {
  if (stamp.isDate && !start.stamp.isDate)
    throw new IcalProblem(`${name}: a day, and the event begins at a time`, line);
  if (stamp.isUtc && start.zone === null)
    throw new IcalProblem(`${name}: a time in UTC, and the event is in no zone`, line);
  return toZone({ stamp, zone }, start.zone);
}

function toZone({ stamp, zone: from }: ZonedStamp, zone: Zone | null): WallMs {
  if (from === null || zone === null || from.name === zone.name) return stamp.wall;
  const [at = stamp.wall] = momentsAt(from, stamp.wall, { missing: 'after', repeated: 'first' });
  return wallAt(zone, at);
}

/** The rule of what first begins at `start`. @throws IcalProblem. */
export function readRuleLine(line: ContentLine | undefined, { stamp, zone }: ZonedStamp): CalendarEvent['rule'] {
  if (line === undefined) return null;
  const read = readRule(line.value);
  if (typeof read === 'string') throw new IcalProblem(`RRULE: ${read}`, line.line);
  const { until, ...rule } = read;
  if (until === null) return { ...rule, until: null };
  if (until.isUtc && zone === null)
    throw new IcalProblem('RRULE: UNTIL in UTC, and the event is in no zone', line.line);
  const last = toZone({ stamp: until, zone: until.isUtc ? UTC : zone }, zone);
  return { ...rule, until: until.isDate && !stamp.isDate ? last + DAY_MS - 1 : last };
}
