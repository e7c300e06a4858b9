import { occurrences, type Recurrence } from './recurrence.ts';
import type { Span } from './spans.ts';
import { DAY_MS, type WallMs } from './wall-clock.ts';
import { type SpanEnd, wallSpan } from './wall-span.ts';
import type { Zone } from './zone.ts';

/** An event of an iCalendar file. */
export type CalendarEvent = {
  /** Null when the file leaves it to the calendar: a whole day, or a time without a zone. */
  readonly zone: Zone | null;
  readonly start: WallMs;
  /** By the clock on the wall; whole days for an event of whole days. */
  readonly lengthMs: number;
  readonly rule: Recurrence | null;
  /** Further beginnings, and those that are left out. */
  readonly also: readonly WallMs[];
  readonly except: ReadonlySet<WallMs>;
};

/** The calendar's zone, the time that matters, and when what ends twice ends. */
export type Held = { readonly zone: Zone; readonly within: Span; readonly ends: SpanEnd };

/** When an event holds, as far as it may touch a span. */
export function spansOfEvent(event: CalendarEvent, { zone: calendarZone, within, ends }: Held): readonly Span[] {
  const zone = event.zone ?? calendarZone;
  // A wall is never more than a day off UTC.
  const [from, before] = [within.start - DAY_MS - event.lengthMs, within.end + DAY_MS];
  const starts = [
    ...(event.rule === null ? [event.start] : occurrences(event.rule, event.start, before)),
    ...event.also,
  ];
  return starts
    .filter((start) => start >= from && start < before && !event.except.has(start))
    .map((start) => wallSpan(zone, { from: start, until: start + event.lengthMs, ends }));
}
