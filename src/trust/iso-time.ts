/** A time for a message. A signed one may be any safe integer, and Date ends at 8.64e15. */
export function isoTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
