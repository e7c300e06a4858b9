import type { CronPattern } from './cron.ts';
import { DAY_MS, MINUTE_MS, type WallMs } from './wall-clock.ts';

/** The first time a pattern names that is not before `from` and is before `before`; null when there is none. */
export function nextNamed(pattern: CronPattern, from: WallMs, before: WallMs): WallMs | null {
  let minuteOfDay = Math.ceil((from - startOfDay(from)) / MINUTE_MS);
  for (let day = startOfDay(from); day < before; day += DAY_MS) {
    const minute = namesDay(pattern, day) ? nextMinute(pattern, minuteOfDay) : null;
    if (minute !== null) {
      const wall = day + minute * MINUTE_MS;
      return wall < before ? wall : null;
    }
    minuteOfDay = 0;
  }
  return null;
}

function startOfDay(wall: WallMs): WallMs {
  return Math.floor(wall / DAY_MS) * DAY_MS;
}

function nextMinute({ hours, minutes }: CronPattern, from: number): number | null {
  const hourOfFrom = Math.floor(from / 60);
  for (const hour of hours) {
    if (hour < hourOfFrom) continue;
    const minute = hour === hourOfFrom ? minutes.find((each) => each >= from % 60) : minutes[0];
    if (minute !== undefined) return hour * 60 + minute;
  }
  return null;
}

function namesDay(pattern: CronPattern, day: WallMs): boolean {
  const date = new Date(day);
  if (!pattern.months.has(date.getUTCMonth() + 1)) return false;
  const dayOfMonth = date.getUTCDate();
  const isLast = pattern.lastDay && new Date(day + DAY_MS).getUTCDate() === 1;
  const byMonth = isLast || pattern.monthDays.has(dayOfMonth);
  const weekday = date.getUTCDay();
  const byWeek =
    pattern.weekdays.has(weekday) ||
    pattern.nthWeekdays.some((each) => each.weekday === weekday && isNth(day, dayOfMonth, each.nth));
  return pattern.eitherDay ? byMonth || byWeek : byMonth && byWeek;
}

/** Whether a day is the nth of its weekday in its month; with 0, the last. */
function isNth(day: WallMs, dayOfMonth: number, nth: number): boolean {
  return nth === 0 ? new Date(day + 7 * DAY_MS).getUTCDate() <= 7 : Math.ceil(dayOfMonth / 7) === nth;
}
