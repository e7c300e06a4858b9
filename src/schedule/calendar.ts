import type { CronPattern } from './cron.ts';
import { type CalendarEvent, type Held, spansOfEvent } from './event-times.ts';
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

/**
 * When a calendar holds, as far as it touches a span. Where the clock shows an end twice, a freeze holds until the last
 * of them and maintenance until the first: nothing begins in a time that either does not mean.
 */
export function spansOf({ kind, zone, times: all }: Calendar, within: Span): readonly Span[] {
  const held = { zone, within, ends: kind === 'freeze' ? 'last' : 'first' } as const;
  const spans = all.flatMap((times) => spansOfTimes(times, held));
  return mergeSpans(spans.filter(({ start, end }) => end > within.start && start < within.end));
}

function spansOfTimes(times: CalendarTimes, held: Held): readonly Span[] {
  switch (times.kind) {
    case 'cron':
      return spansOfPattern(times, held);
    case 'once':
      return [wallSpan(held.zone, { ...times, ends: held.ends })];
    case 'event':
      return spansOfEvent(times.event, held);
  }
}

function spansOfPattern(
  { pattern, lengthMs }: Extract<CalendarTimes, { kind: 'cron' }>,
  { zone, within, ends }: Held,
): readonly Span[] {
  const timing = { kind: 'cron', pattern, zone, dst: { missing: 'after', repeated: 'first' } } as const;
  // The clock may be put back by up to a day while a window is open.
  const starts = slotsBetween(timing, within.start - lengthMs - DAY_MS, within.end);
  return [...starts].map((start) => ({ start, end: endOfSpan(zone, wallAt(zone, start) + lengthMs, ends) }));
}
