import type { CalendarEvent } from './event-times.ts';
import { type ContentLine, readContentLines } from './ical-lines.ts';
import { readDuration, readRule, readStamp, type Stamp } from './ical-values.ts';
import { DAY_MS, type WallMs } from './wall-clock.ts';
import { momentsAt, openZone, wallAt, type Zone } from './zone.ts';

/** The events of a file, or what is wrong with it first, and in which line. */
export type IcalReading =
  | { readonly events: readonly CalendarEvent[] }
  | { readonly problem: string; readonly line: number };

/**
 * Reads the events of an iCalendar file (RFC 5545). What would have to be guessed at is a problem: a freeze that is
 * read wrongly lets work begin in it.
 */
export function readIcal(text: string): IcalReading {
  const lines = readContentLines(text);
  const [first] = lines;
  if (first?.name !== 'BEGIN' || first.value.toUpperCase() !== 'VCALENDAR') {
    return { problem: 'it is no iCalendar file: it does not begin with BEGIN:VCALENDAR', line: 1 };
  }
  if (!lines.some(({ name, value }) => name === 'END' && value.toUpperCase() === 'VCALENDAR')) {
    return { problem: 'it ends before END:VCALENDAR', line: lines.at(-1)?.line ?? 1 };
  }
  const broken = lines.find(({ name }) => name === '');
  if (broken !== undefined) return { problem: 'a line is not understood', line: broken.line };
  try {
    return { events: withoutReplaced(eventBlocks(lines).map(readEvent)) };
  } catch (error) {
    if (error instanceof IcalProblem) return { problem: error.message, line: error.line };
    throw error;
  }
}

/** Never leaves this file. */
class IcalProblem extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

type Block = { readonly begin: ContentLine; readonly lines: readonly ContentLine[] };

/** The lines of each VEVENT, without those of what is nested in it, such as alarms. */
function eventBlocks(lines: readonly ContentLine[]): readonly Block[] {
  const blocks: { begin: ContentLine; lines: ContentLine[] }[] = [];
  const open: string[] = [];
  for (const line of lines) {
    if (line.name === 'BEGIN') {
      open.push(line.value.toUpperCase());
      if (open.at(-1) === 'VEVENT') blocks.push({ begin: line, lines: [] });
    } else if (line.name === 'END') open.pop();
    else if (open.at(-1) === 'VEVENT') blocks.at(-1)?.lines.push(line);
  }
  return blocks;
}

type ReadEvent = {
  readonly event: CalendarEvent;
  readonly start: Start;
  readonly uid: string;
  /** The line with the beginning in the series that this event stands for. */
  readonly replaced: ContentLine | null;
  readonly isCancelled: boolean;
};

function readEvent({ begin, lines }: Block): ReadEvent {
  const one = (name: string): ContentLine | undefined => lines.find((line) => line.name === name);
  const start = one('DTSTART');
  if (start === undefined) throw new IcalProblem('an event has no DTSTART', begin.line);
  const begins = readTimeLine(start);
  const { stamp, zone } = begins;
  const replaced = one('RECURRENCE-ID');
  if (replaced?.parameters.has('RANGE') === true) {
    throw new IcalProblem('RECURRENCE-ID with RANGE is not supported', replaced.line);
  }
  const [, second] = lines.filter(({ name }) => name === 'RRULE');
  const unsupported = second ?? one('EXRULE');
  if (unsupported !== undefined)
    throw new IcalProblem(`another ${unsupported.name} is not supported`, unsupported.line);
  const inZone = (name: string): readonly WallMs[] =>
    lines.filter((line) => line.name === name).flatMap((line) => wallsOf(line, begins));
  return {
    event: {
      zone,
      start: stamp.wall,
      lengthMs: lengthOf(lines, begins),
      rule: readRuleLine(one('RRULE'), begins),
      also: inZone('RDATE'),
      except: new Set(inZone('EXDATE')),
    },
    start: begins,
    uid: one('UID')?.value ?? '',
    replaced: replaced ?? null,
    isCancelled: one('STATUS')?.value.toUpperCase() === 'CANCELLED',
  };
}

/** An event that stands for one of a series takes that one out of the series, whatever zone it is moved to itself. */
function withoutReplaced(read: readonly ReadEvent[]): readonly CalendarEvent[] {
  return read
    .filter(({ isCancelled }) => !isCancelled)
    .map(({ event, start, uid, replaced }) => {
      if (replaced !== null) return event;
      const lines = read.filter((other) => other.uid === uid).flatMap((other) => other.replaced ?? []);
      const gone = lines.flatMap((line) => wallsOf(line, start));
      return { ...event, except: new Set([...event.except, ...gone]) };
    });
}

type Start = { readonly stamp: Stamp; readonly zone: Zone | null };

function readTimeLine(line: ContentLine): Start {
  const stamp = readStamp(line.value);
  if (stamp === null) throw new IcalProblem(`${line.name}: ${line.value} is no date or time`, line.line);
  return { stamp, zone: zoneOf(line, stamp) };
}

function zoneOf({ name, parameters, line }: ContentLine, { isUtc }: Stamp): Zone | null {
  if (isUtc) return openZone('UTC');
  const id = parameters.get('TZID');
  if (id === undefined) return null;
  const zone = openZone(id.replace(/^\//, ''));
  if (zone === null) throw new IcalProblem(`${name}: there is no time zone ${id} in the IANA database`, line);
  return zone;
}

/** The times of a line as the clock of the event's own zone shows them. */
function wallsOf(line: ContentLine, start: Start): readonly WallMs[] {
  return line.value.split(',').map((value) => wallBeside(start, readTimeLine({ ...line, value }), line));
}

/** A time of an event as the clock of its zone shows it. A day beside a time, or UTC beside no zone, could mean several. */
function wallBeside(start: Start, { stamp, zone }: Start, { name, line }: ContentLine): WallMs {
  if (stamp.isDate && !start.stamp.isDate)
    throw new IcalProblem(`${name}: a day, and the event begins at a time`, line);
  if (stamp.isUtc && start.zone === null)
    throw new IcalProblem(`${name}: a time in UTC, and the event is in no zone`, line);
  return toZone({ stamp, zone }, start.zone);
}

function toZone({ stamp, zone: from }: Start, zone: Zone | null): WallMs {
  if (from === null || zone === null || from.name === zone.name) return stamp.wall;
  const [at = stamp.wall] = momentsAt(from, stamp.wall, { missing: 'after', repeated: 'first' });
  return wallAt(zone, at);
}

function lengthOf(lines: readonly ContentLine[], start: Start): number {
  const duration = lines.find(({ name }) => name === 'DURATION');
  if (duration !== undefined) {
    const ms = readDuration(duration.value);
    if (ms === null) throw new IcalProblem(`DURATION: ${duration.value} is no duration`, duration.line);
    return ms;
  }
  const end = lines.find(({ name }) => name === 'DTEND');
  if (end === undefined) return start.stamp.isDate ? DAY_MS : 0;
  const length = wallBeside(start, readTimeLine(end), end) - start.stamp.wall;
  if (length < 0) throw new IcalProblem('an event ends before it begins', end.line);
  return length;
}

function readRuleLine(line: ContentLine | undefined, { stamp, zone }: Start): CalendarEvent['rule'] {
  if (line === undefined) return null;
  const read = readRule(line.value);
  if (typeof read === 'string') throw new IcalProblem(`RRULE: ${read}`, line.line);
  const { until, ...rule } = read;
  if (until === null) return { ...rule, until: null };
  if (until.isUtc && zone === null)
    throw new IcalProblem('RRULE: UNTIL in UTC, and the event is in no zone', line.line);
  const last = toZone({ stamp: until, zone: until.isUtc ? openZone('UTC') : zone }, zone);
  return { ...rule, until: until.isDate && !stamp.isDate ? last + DAY_MS - 1 : last };
}
