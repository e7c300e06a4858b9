import type { Span } from './spans.ts';
import { DAY_MS, type WallMs } from './wall-clock.ts';

/** The parts of a recurrence rule (RFC 5545 section 3.3.10) that are understood. Weekdays count from Sunday, 0. */
export type Recurrence = {
  readonly frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  readonly interval: number;
  readonly count: number | null;
  /** The last moment at which one may begin, on the wall of the event's zone. */
  readonly until: WallMs | null;
  readonly months: readonly number[];
  /** Negative ones count from the end of the month. */
  readonly monthDays: readonly number[];
  /** `nth` 0 means each; negative ones count from the end of the month. */
  readonly weekdays: readonly { readonly weekday: number; readonly nth: number }[];
  /** Which of the days that are named in a month or a year it is, from 1 or, negative, from the last; none for all. */
  readonly positions: readonly number[];
  readonly weekStart: number;
};

/** The beginnings of an event that recurs, from its first until before `before`, in order. */
export function* occurrences(rule: Recurrence, first: WallMs, before: WallMs): Generator<WallMs> {
  const firstDay = dayOf(first);
  const timeOfDay = first - firstDay;
  const names = atPositions(rule, dayFilter(rule, firstDay));
  const end = Math.min(before, rule.until === null ? Infinity : rule.until + 1);
  let left = rule.count ?? Infinity;
  for (let day = firstDay; day + timeOfDay < end && left > 0; day += DAY_MS) {
    // The first always counts, even where the rule does not name it.
    if (day !== firstDay && !names(day)) continue;
    left -= 1;
    yield day + timeOfDay;
  }
}

type DayFilter = (day: WallMs) => boolean;

function dayFilter(rule: Recurrence, first: WallMs): DayFilter {
  const start = new Date(first);
  const { frequency, months, monthDays, weekdays } = rule;
  const isDayNamed = monthDays.length > 0 || weekdays.length > 0;
  const byWeekday = frequency === 'WEEKLY' && !isDayNamed ? [{ weekday: start.getUTCDay(), nth: 0 }] : weekdays;
  const isByMonth = frequency === 'MONTHLY' || frequency === 'YEARLY';
  const byMonthDay = isByMonth && !isDayNamed ? [start.getUTCDate()] : monthDays;
  const byMonth =
    frequency === 'YEARLY' && months.length === 0 && monthDays.length === 0 ? [start.getUTCMonth() + 1] : months;
  return (day) =>
    // The month first: it leaves out most days of the centuries that time zones of Outlook begin before.
    (byMonth.length === 0 || byMonth.includes(new Date(day).getUTCMonth() + 1)) &&
    periodsBetween(rule, first, day) % rule.interval === 0 &&
    (byMonthDay.length === 0 || byMonthDay.some((each) => isMonthDay(day, each))) &&
    (byWeekday.length === 0 || byWeekday.some((each) => isWeekday(day, each)));
}

/** Those of the days named in each month or year that stand at the rule's positions there. */
function atPositions({ frequency, positions }: Recurrence, names: DayFilter): DayFilter {
  if (positions.length === 0) return names;
  const periodAt = frequency === 'YEARLY' ? yearOf : monthOf;
  let known: { readonly period: Span; readonly chosen: ReadonlySet<WallMs> } | null = null;
  return (day) => {
    if (known === null || day >= known.period.end) {
      const period = periodAt(day);
      const named = daysIn(period).filter(names);
      known = { period, chosen: new Set(positions.flatMap((each) => named.at(each > 0 ? each - 1 : each) ?? [])) };
    }
    return known.chosen.has(day);
  };
}

function daysIn({ start, end }: Span): readonly WallMs[] {
  return Array.from({ length: (end - start) / DAY_MS }, (_, index) => start + index * DAY_MS);
}

function yearOf(day: WallMs): Span {
  const year = new Date(day).getUTCFullYear();
  return { start: Date.UTC(year, 0), end: Date.UTC(year + 1, 0) };
}

function monthOf(day: WallMs): Span {
  const date = new Date(day);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
}

function periodsBetween({ frequency, weekStart }: Recurrence, first: WallMs, day: WallMs): number {
  const [start, now] = [new Date(first), new Date(day)];
  switch (frequency) {
    case 'DAILY':
      return (day - first) / DAY_MS;
    case 'WEEKLY':
      return (startOfWeek(day, weekStart) - startOfWeek(first, weekStart)) / (7 * DAY_MS);
    case 'MONTHLY':
      return (now.getUTCFullYear() - start.getUTCFullYear()) * 12 + now.getUTCMonth() - start.getUTCMonth();
    case 'YEARLY':
      return now.getUTCFullYear() - start.getUTCFullYear();
  }
}

function startOfWeek(day: WallMs, weekStart: number): WallMs {
  return day - ((new Date(day).getUTCDay() - weekStart + 7) % 7) * DAY_MS;
}

function isMonthDay(day: WallMs, wanted: number): boolean {
  const date = new Date(day).getUTCDate();
  return wanted > 0 ? date === wanted : date === daysInMonth(day) + 1 + wanted;
}

function isWeekday(day: WallMs, { weekday, nth }: Recurrence['weekdays'][number]): boolean {
  const date = new Date(day);
  if (date.getUTCDay() !== weekday) return false;
  if (nth === 0) return true;
  const dayOfMonth = date.getUTCDate();
  return nth > 0 ? Math.ceil(dayOfMonth / 7) === nth : Math.ceil((daysInMonth(day) - dayOfMonth + 1) / 7) === -nth;
}

function daysInMonth(day: WallMs): number {
  const date = new Date(day);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}

function dayOf(wall: WallMs): WallMs {
  return Math.floor(wall / DAY_MS) * DAY_MS;
}
