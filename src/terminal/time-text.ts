/** A time for people, in the machine's time zone: `14:00`, with the date when it is another day than `now`. */
export function formatTime(at: number, now: number): string {
  const time = new Date(at);
  const clock = `${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}`;
  return time.toDateString() === new Date(now).toDateString() ? clock : `${formatDate(time)} ${clock}`;
}

/** Date and time to the second: `2026-11-23 14:00:05`. */
export function formatMoment(at: number): string {
  const time = new Date(at);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
  return `${formatDate(time)} ${clock}`;
}

function formatDate(time: Date): string {
  return `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
