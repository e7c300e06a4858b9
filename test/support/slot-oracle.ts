import fc from 'fast-check';

/**
 * What slots there should be, worked out minute by minute and without anything of src/: distances from UTC come from
 * Intl, and patterns are tables of what is named. Slow and simple on purpose.
 */
export type PatternTable = {
  readonly text: string;
  readonly namesMinute: (minuteOfDay: number) => boolean;
  readonly namesDay: (date: Date) => boolean;
};

export type OracleRule = { readonly missing: 'after' | 'skip'; readonly repeated: 'first' | 'both' };

/** Distance from UTC in minutes, for each minute from `from` until before `to`. */
export function offsetsOf(zone: string, from: number, to: number): Int16Array {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', year: 'numeric' });
  const offsetAt = (minute: number): number => readOffset(format.format(minute * 60_000));
  const offsets = new Int16Array((to - from) / 60_000);
  const first = from / 60_000;
  for (let start = 0; start < offsets.length; start += PIECE) {
    const end = Math.min(start + PIECE, offsets.length);
    const [before, after] = [offsetAt(first + start), offsetAt(first + end)];
    if (before === after) offsets.fill(before, start, end);
    else for (let index = start; index < end; index += 1) offsets[index] = offsetAt(first + index);
  }
  return offsets;
}

/** Six hours: no zone has changed its clock there and back in less. */
const PIECE = 360;

function readOffset(text: string): number {
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text) ?? [];
  const value = Number(hours) * 60 + Number(minutes);
  return sign === '-' ? -value : value;
}

/** The slots in the minutes that `offsets` covers, but for the first. */
export function expectedSlots(
  { namesMinute, namesDay }: PatternTable,
  { from, offsets }: { readonly from: number; readonly offsets: Int16Array },
  { missing, repeated }: OracleRule,
): readonly number[] {
  const byMinute = Array.from({ length: 1440 }, (_, minute) => namesMinute(minute));
  const byDay = new Map<number, boolean>();
  const isNamed = (wall: number): boolean => {
    const day = Math.floor(wall / 1440);
    if (byMinute[wall - day * 1440] !== true) return false;
    const known = byDay.get(day) ?? namesDay(new Date(day * 86_400_000));
    byDay.set(day, known);
    return known;
  };
  const slots: number[] = [];
  const first = from / 60_000;
  let shown = first + (offsets[0] ?? 0);
  for (let index = 1; index < offsets.length; index += 1) {
    const wall = first + index + (offsets[index] ?? 0);
    let fires = isNamed(wall) && (wall > shown || repeated === 'both');
    for (let skipped = shown + 1; missing === 'after' && skipped < wall; skipped += 1) fires ||= isNamed(skipped);
    if (fires) slots.push((first + index) * 60_000);
    shown = Math.max(shown, wall);
  }
  return slots;
}

type Field = { readonly text: string; readonly values: ReadonlySet<number> };

function rangeOf(low: number, high: number, step = 1): ReadonlySet<number> {
  return new Set(Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, index) => low + index * step));
}

function field(low: number, high: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min: low, max: high });
  return fc.oneof(
    fc.constant({ text: '*', values: rangeOf(low, high) }),
    fc
      .uniqueArray(value, { minLength: 1, maxLength: 4 })
      .map((list) => ({ text: list.join(','), values: new Set(list) })),
    fc.tuple(value, value).map(([one, other]) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)];
      return { text: `${from}-${to}`, values: rangeOf(from, to) };
    }),
    fc.integer({ min: 1, max: high - low }).map((step) => ({ text: `*/${step}`, values: rangeOf(low, high, step) })),
  );
}

type Days = { readonly text: string; readonly names: (date: Date) => boolean };

const monthDays: fc.Arbitrary<Days> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ text: '*', names: () => true }) },
  {
    weight: 2,
    arbitrary: field(1, 31).map(({ text, values }) => ({ text, names: (date: Date) => values.has(date.getUTCDate()) })),
  },
  { weight: 1, arbitrary: fc.constant({ text: 'L', names: (date: Date) => nextDay(date, 1).getUTCDate() === 1 }) },
);

const weekdays: fc.Arbitrary<Days> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ text: '*', names: () => true }) },
  {
    weight: 2,
    arbitrary: field(0, 6).map(({ text, values }) => ({ text, names: (date: Date) => values.has(date.getUTCDay()) })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 5 })).map(([weekday, nth]) => ({
      text: `${weekday}#${nth}`,
      names: (date: Date) =>
        date.getUTCDay() === weekday && date.getUTCDate() > (nth - 1) * 7 && date.getUTCDate() <= nth * 7,
    })),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 6 }).map((weekday) => ({
      text: `${weekday}L`,
      names: (date: Date) => date.getUTCDay() === weekday && nextDay(date, 7).getUTCMonth() !== date.getUTCMonth(),
    })),
  },
);

function nextDay(date: Date, days: number): Date {
  return new Date(date.getTime() + days * 86_400_000);
}

/** Patterns of all kinds, more often in the hours in which clocks are changed. */
export const patternTables: fc.Arbitrary<PatternTable> = fc
  .record({
    minute: field(0, 59),
    hour: fc.oneof(field(0, 23), field(0, 3)),
    monthDay: monthDays,
    month: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ text: '*', values: rangeOf(1, 12) }) },
      { weight: 1, arbitrary: field(1, 12) },
    ),
    weekday: weekdays,
  })
  .map(({ minute, hour, monthDay, month, weekday }) => ({
    // `*` of the hours from 0 to 3 means all hours to cron.
    text: [
      minute.text,
      hour.text.startsWith('*') ? [...hour.values].join(',') : hour.text,
      monthDay.text,
      month.text,
      weekday.text,
    ].join(' '),
    namesMinute: (minuteOfDay: number) =>
      minute.values.has(minuteOfDay % 60) && hour.values.has(Math.floor(minuteOfDay / 60)),
    namesDay: (date: Date) => {
      if (!month.values.has(date.getUTCMonth() + 1)) return false;
      const both = monthDay.text.startsWith('*') || weekday.text.startsWith('*');
      return both ? monthDay.names(date) && weekday.names(date) : monthDay.names(date) || weekday.names(date);
    },
  }));

export const oracleRules: fc.Arbitrary<OracleRule> = fc.record({
  missing: fc.constantFrom('after', 'skip'),
  repeated: fc.constantFrom('first', 'both'),
});
