import type { Recurrence } from './recurrence.ts';
import { readTime, type WallMs } from './wall-clock.ts';

/** `20261224`, `20261224T180000` or `20261224T170000Z`. */
export type Stamp = { readonly wall: WallMs; readonly isDate: boolean; readonly isUtc: boolean };

export function readStamp(text: string): Stamp | null {
  const [, date, time, utc] = /^(\d{8})(?:T(\d{6})(Z)?)?$/.exec(text) ?? [];
  if (date === undefined) return null;
  const day = date.replace(/(....)(..)(..)/, '$1-$2-$3');
  const written = readTime(time === undefined ? day : `${day}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}`);
  return written === null ? null : { wall: written.wall, isDate: written.isDate, isUtc: utc !== undefined };
}

/** Milliseconds of `P1W`, `P1DT12H` or `PT30M`; null for what is none, also for one that goes backwards. */
export function readDuration(text: string): number | null {
  const [whole, ...parts] = /^\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? [];
  if (whole === undefined || parts.every((part) => part === undefined)) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts.map((part) => Number(part ?? 0));
  return ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** Milliseconds of `+0100`, `-0330` or `+013045`; null for what is none. */
export function readOffset(text: string): number | null {
  const [, sign, ...parts] = /^([+-])(\d\d)([0-5]\d)([0-5]\d)?$/.exec(text) ?? [];
  if (sign === undefined) return null;
  const [hours = 0, minutes = 0, seconds = 0] = parts.map((part) => Number(part ?? 0));
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return sign === '-' ? -ms : ms;
}

export type ReadRule = Omit<Recurrence, 'until'> & { readonly until: Stamp | null };

/** Reads the value of RRULE; a text says what in it is not understood. */
export function readRule(text: string): ReadRule | string {
  const parts = new Map(
    text
      .toUpperCase()
      .split(';')
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', value = ''] = part.split('=');
        return [name, value];
      }),
  );
  const frequency = FREQUENCIES.find((each) => each === parts.get('FREQ'));
  if (frequency === undefined) return `FREQ=${parts.get('FREQ') ?? ''} is not supported`;
  const unknown = [...parts.keys()].find((name) => !PARTS.has(name));
  if (unknown !== undefined) return `${unknown} is not supported`;
  const rule = readParts(parts, frequency);
  return typeof rule === 'string' ? rule : (whyNotSupported(rule) ?? rule);
}

const FREQUENCIES = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;
const PARTS = new Set(['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'BYMONTH', 'BYMONTHDAY', 'BYDAY', 'BYSETPOS', 'WKST']);
const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

function readParts(parts: ReadonlyMap<string, string>, frequency: Recurrence['frequency']): ReadRule | string {
  const list = (name: string): readonly string[] => parts.get(name)?.split(',') ?? [];
  const [interval = 1] = list('INTERVAL').map(Number);
  const [count = null] = list('COUNT').map(Number);
  const [until = null] = list('UNTIL').map(readStamp);
  const months = list('BYMONTH').map(Number);
  const monthDays = list('BYMONTHDAY').map(Number);
  const weekdays = list('BYDAY')
    .map(readWeekday)
    .filter((day) => day !== null);
  const positions = list('BYSETPOS').map(Number);
  const weekStart = DAYS.indexOf(parts.get('WKST') ?? 'MO');
  const fits: Readonly<Record<string, boolean>> = {
    INTERVAL: isCount(interval),
    COUNT: count === null || isCount(count),
    UNTIL: until !== null || !parts.has('UNTIL'),
    BYMONTH: months.every((month) => isCount(month) && month <= 12),
    BYMONTHDAY: monthDays.every((day) => isCount(Math.abs(day)) && Math.abs(day) <= 31),
    BYDAY: weekdays.length === list('BYDAY').length,
    BYSETPOS: positions.every((each) => isCount(Math.abs(each)) && Math.abs(each) <= 366),
    WKST: weekStart !== -1,
  };
  const wrong = Object.keys(fits).find((name) => fits[name] === false);
  if (wrong !== undefined) return `${wrong}=${parts.get(wrong) ?? ''} is not understood`;
  return { frequency, interval, count, until, months, monthDays, weekdays, positions, weekStart };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function readWeekday(text: string): Recurrence['weekdays'][number] | null {
  const [, nth, day = ''] = /^([+-]?[1-5])?(SU|MO|TU|WE|TH|FR|SA)$/.exec(text) ?? [];
  const weekday = DAYS.indexOf(day);
  return weekday === -1 ? null : { weekday, nth: Number(nth ?? 0) };
}

/** What means something other than a filter of days there (RFC 5545, the table in section 3.3.10). */
function whyNotSupported(rule: ReadRule): string | null {
  const { frequency, months, monthDays, weekdays, positions } = rule;
  const isNth = weekdays.some(({ nth }) => nth !== 0);
  if (isNth && (frequency === 'DAILY' || frequency === 'WEEKLY'))
    return `BYDAY with a number and FREQ=${frequency} is not supported`;
  if (frequency === 'WEEKLY' && monthDays.length > 0) return 'BYMONTHDAY and FREQ=WEEKLY is not supported';
  if (frequency === 'YEARLY' && weekdays.length > 0 && months.length === 0 && monthDays.length === 0) {
    return 'BYDAY and FREQ=YEARLY without BYMONTH is not supported';
  }
  return positions.length === 0 ? null : whyNoPositions(rule);
}

/** Positions are those within a month or a year, among the days that the rule names there. */
function whyNoPositions({ frequency, monthDays, weekdays }: ReadRule): string | null {
  if (frequency !== 'MONTHLY' && frequency !== 'YEARLY') return `BYSETPOS and FREQ=${frequency} is not supported`;
  if (monthDays.length + weekdays.length === 0) return 'BYSETPOS without BYDAY or BYMONTHDAY is not supported';
  return null;
}
