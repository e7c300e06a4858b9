import type { LocalTime } from '../core/owner-policy.ts';

/** The time of the week on this machine, by its own zone: executors inherit no `TZ`, so it is that of /etc/localtime. */
export function localTimeOf(ms: number): LocalTime {
  const date = new Date(ms);
  return { day: date.getDay(), minute: date.getHours() * 60 + date.getMinutes() };
}
