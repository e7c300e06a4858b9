import { type CronField, MONTH_DAY_NAME, readPart, readValue, WEEKDAY_NAME } from './cron-field.ts';

/** The times that five fields name. Weekdays count from Sunday, 0. */
export type CronPattern = {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly monthDays: ReadonlySet<number>;
  readonly lastDay: boolean;
  readonly weekdays: ReadonlySet<number>;
  /** The second Tuesday of a month is `{ weekday: 2, nth: 2 }`; `nth` 0 means the last. */
  readonly nthWeekdays: readonly { readonly weekday: number; readonly nth: number }[];
  /**
   * Whether a day that one of the two day fields names is enough. So it is, as in every cron, when neither begins with
   * an asterisk; else a day must be named by both.
   */
  readonly eitherDay: boolean;
};

/** A pattern, or what is wrong with the text. */
export type CronReading = { readonly pattern: CronPattern } | { readonly problem: string };

/**
 * Reads five fields (minute, hour, day of month, month, day of week) or a name such as `@daily`. `H` stands for a value
 * that is chosen once and for all by `seed`, so that many schedules do not all begin at the same minute.
 */
export function readCron(text: string, seed: string): CronReading {
  const words = (MACROS[text.trim().toLowerCase()] ?? text).trim().split(/\s+/);
  const wrong = wrongShape(words);
  if (wrong !== null) return { problem: wrong };
  const [minute, hour, monthDay, month, weekday] = FIELDS.map((field, index) =>
    readField(field, words[index] ?? '', seed),
  );
  if (
    minute === undefined ||
    hour === undefined ||
    monthDay === undefined ||
    month === undefined ||
    weekday === undefined
  ) {
    return { problem: wrongCount(words.length) };
  }
  const [problem] = [minute, hour, monthDay, month, weekday].flatMap((field) => field.problem ?? []);
  if (problem !== undefined) return { problem };
  return {
    pattern: {
      minutes: inOrder(minute.values),
      hours: inOrder(hour.values),
      months: new Set(month.values),
      monthDays: new Set(monthDay.values),
      lastDay: monthDay.last,
      weekdays: new Set(weekday.values),
      nthWeekdays: weekday.nths,
      eitherDay: !(words[2] ?? '').startsWith('*') && !(words[4] ?? '').startsWith('*'),
    },
  };
}

/** Whether a pattern names every hour of a day, so that it goes with the hours that pass rather than with the clock. */
export function isEveryHour({ hours }: CronPattern): boolean {
  return hours.length === 24;
}

const MACROS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const MONTH_DAY: CronField = { name: MONTH_DAY_NAME, low: 1, high: 31, names: [], spreadHigh: 28, wraps: false };
const WEEKDAY: CronField = { name: WEEKDAY_NAME, low: 0, high: 7, names: WEEKDAYS, spreadHigh: 6, wraps: true };
const FIELDS: readonly CronField[] = [
  { name: 'minute', low: 0, high: 59, names: [], spreadHigh: 59, wraps: true },
  { name: 'hour', low: 0, high: 23, names: [], spreadHigh: 23, wraps: true },
  MONTH_DAY,
  { name: 'month', low: 1, high: 12, names: MONTHS, spreadHigh: 12, wraps: true },
  WEEKDAY,
];

function wrongShape(words: readonly string[]): string | null {
  const [first = ''] = words;
  if (/^(CRON_)?TZ=/.test(first)) return 'the time zone stands in timezone:, not in the pattern';
  if (first.startsWith('@')) return `${first} is not known; known are ${Object.keys(MACROS).join(', ')}`;
  return words.length === FIELDS.length ? null : wrongCount(words.length);
}

function wrongCount(count: number): string {
  const seconds = count === 6 ? '; there is no field for seconds' : '';
  return `expected five fields (minute, hour, day of month, month, day of week), got ${count}${seconds}`;
}

type Field = {
  readonly values: readonly number[];
  readonly last: boolean;
  readonly nths: CronPattern['nthWeekdays'];
  readonly problem: string | null;
};

function readField(field: CronField, text: string, seed: string): Field {
  const values: number[] = [];
  const nths: { weekday: number; nth: number }[] = [];
  let last = false;
  for (const part of text.split(',')) {
    const nth = field === WEEKDAY ? readNth(part) : null;
    if (field === MONTH_DAY && part === 'L') last = true;
    else if (nth !== null) nths.push(nth);
    else {
      const read = readPart(field, part, seed);
      if (typeof read === 'string') return { values, last, nths, problem: read };
      values.push(...read);
    }
  }
  return { values, last, nths, problem: null };
}

/** `fri#2`, `5#2`: the second Friday; `friL`, `5L`: the last. */
function readNth(part: string): { weekday: number; nth: number } | null {
  const [, day, nth] = /^(\d|[A-Za-z]{3})(?:L|#([1-5]))$/.exec(part) ?? [];
  const weekday = day === undefined ? null : readValue(WEEKDAY, day);
  return weekday === null ? null : { weekday: weekday % 7, nth: nth === undefined ? 0 : Number(nth) };
}

function inOrder(values: readonly number[]): readonly number[] {
  return [...new Set(values)].toSorted((one, other) => one - other);
}
