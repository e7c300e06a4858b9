import type { CronPattern } from './cron.ts';
import { type CalendarEvent, spansOfEvent } from './event-times.ts';
import { slotsBetween } from './slots.ts';
import { mergeSpans, type Span } from './spans.ts';
import { DAY_MS, type WallMs } from './wall-clock.ts';
import { endOfSpan, wallSpan } from './wall-span.ts';
import { wallAt, type Zone } from './zone.ts';

/** Times of a calendar. */
export type CalendarTimes =
  /** From each time the pattern names, for so long as a clock on the wall shows. */
  | { readonly kind: 'cron'; readonly pattern: CronPattern; readonly lengthMs: number }
  /** Once, by the clock on the wall. */
  | { readonly kind: 'once'; readonly from: WallMs; readonly until: WallMs }
  | { readonly kind: 'event'; readonly event: CalendarEvent };

export type Calendar = {
  readonly name: string;
  /** In a freeze nothing that a schedule changes may begin; in maintenance it may, and at no other time. */
  readonly kind: 'freeze' | 'maintenance';
  readonly zone: Zone;
  readonly times: readonly CalendarTimes[];
};

/** When a calendar holds, as far as it touches a span. */
export function spansOf(calendar: Calendar, within: Span): readonly Span[] {
  const spans = calendar.times.flatMap((times) => spansOfTimes(times, calendar.zone, within));
  return mergeSpans(spans.filter(({ start, end }) => end > within.start && start < within.end));
}

function spansOfTimes(times: CalendarTimes, zone: Zone, within: Span): readonly Span[] {
  switch (times.kind) {
    case 'cron':
      return spansOfPattern(times, zone, within);
    case 'once':
      return [wallSpan(zone, times)];
    case 'event':
      return spansOfEvent(times.event, zone, within);
  }
}

function spansOfPattern(
  { pattern, lengthMs }: Extract<CalendarTimes, { kind: 'cron' }>,
  zone: Zone,
  within: Span,
): readonly Span[] {
  const timing = { kind: 'cron', pattern, zone, dst: { missing: 'after', repeated: 'first' } } as const;
  // The clock may be put back by up to a day while a window is open.
  const starts = slotsBetween(timing, within.start - lengthMs - DAY_MS, within.end);
  return [...starts].map((start) => ({ start, end: endOfSpan(zone, wallAt(zone, start) + lengthMs) }));
}
