import type { CalendarEvent } from './event-times.ts';
import { type Component, lineOf, readComponents } from './ical-components.ts';
import { type ContentLine, readContentLines } from './ical-lines.ts';
import { IcalProblem } from './ical-problem.ts';
import { readRuleLine, readTimeLine, wallsOf, type ZonedStamp, type ZoneFinder } from './ical-times.ts';
import { readDuration } from './ical-values.ts';
import { zonesOf } from './ical-zones.ts';
import { DAY_MS, type WallMs } from './wall-clock.ts';

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
    return { events: eventsOf(readComponents(lines)) };
  } catch (error) {
    if (error instanceof IcalProblem) return { problem: error.message, line: error.line };
    throw error;
  }
}

function eventsOf(components: readonly Component[]): readonly CalendarEvent[] {
  const findZone = zonesOf(components.filter(({ kind }) => kind === 'VTIMEZONE'));
  const events = components.filter(({ kind }) => kind === 'VEVENT');
  return withoutReplaced(
    events.map((event) => readEvent(event, findZone)),
    findZone,
  );
}

type ReadEvent = {
  readonly event: CalendarEvent;
  readonly start: ZonedStamp;
  readonly uid: string;
  /** The line with the beginning in the series that this event stands for. */
  readonly replaced: ContentLine | null;
  readonly isCancelled: boolean;
};

function readEvent(component: Component, findZone: ZoneFinder): ReadEvent {
  const { begin, lines } = component;
  const start = lineOf(component, 'DTSTART');
  if (start === undefined) throw new IcalProblem('an event has no DTSTART', begin.line);
  const begins = readTimeLine(start, findZone);
  const { stamp, zone } = begins;
  const replaced = lineOf(component, 'RECURRENCE-ID');
  if (replaced?.parameters.has('RANGE') === true) {
    throw new IcalProblem('RECURRENCE-ID with RANGE is not supported', replaced.line);
  }
  const [, second] = lines.filter(({ name }) => name === 'RRULE');
  const unsupported = second ?? lineOf(component, 'EXRULE');
  if (unsupported !== undefined)
    throw new IcalProblem(`another ${unsupported.name} is not supported`, unsupported.line);
  const inZone = (name: string): readonly WallMs[] =>
    lines.filter((line) => line.name === name).flatMap((line) => wallsOf(line, begins, findZone));
  return {
    event: {
      zone,
      start: stamp.wall,
      lengthMs: lengthOf(component, begins, findZone),
      rule: readRuleLine(lineOf(component, 'RRULE'), begins),
      also: inZone('RDATE'),
      except: new Set(inZone('EXDATE')),
    },
    start: begins,
    uid: lineOf(component, 'UID')?.value ?? '',
    replaced: replaced ?? null,
    isCancelled: lineOf(component, 'STATUS')?.value.toUpperCase() === 'CANCELLED',
  };
}

/** An event that stands for one of a series takes that one out of the series, whatever zone it is moved to itself. */
function withoutReplaced(read: readonly ReadEvent[], findZone: ZoneFinder): readonly CalendarEvent[] {
  return read
    .filter(({ isCancelled }) => !isCancelled)
    .map(({ event, start, uid, replaced }) => {
      if (replaced !== null) return event;
      const lines = read.filter((other) => other.uid === uid).flatMap((other) => other.replaced ?? []);
      const gone = lines.flatMap((line) => wallsOf(line, start, findZone));
      return { ...event, except: new Set([...event.except, ...gone]) };
    });
}

function lengthOf(component: Component, start: ZonedStamp, findZone: ZoneFinder): number {
  const duration = lineOf(component, 'DURATION');
  if (duration !== undefined) {
    const ms = readDuration(duration.value);
    if (ms === null) throw new IcalProblem(`DURATION: ${duration.value} is no duration`, duration.line);
    return ms;
  }
  const end = lineOf(component, 'DTEND');
  if (end === undefined) return start.stamp.isDate ? DAY_MS : 0;
  const [until = start.stamp.wall] = wallsOf(end, start, findZone);
  const length = until - start.stamp.wall;
  if (length < 0) throw new IcalProblem('an event ends before it begins', end.line);
  return length;
}
