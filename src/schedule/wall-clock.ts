/**
 * What a clock on the wall shows, in milliseconds since 1970 as if the wall were in UTC. Two moments can show the same,
 * and what the clock jumps over is shown by none.
 */
export type WallMs = number;

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** A date or time as written. `offsetMs` is null when it is for a zone to say; `isDate` when there is no time in it. */
export type WrittenTime = { readonly wall: WallMs; readonly offsetMs: number | null; readonly isDate: boolean };

/** Reads `2026-12-24`, `2026-12-24T18:00` or `2026-12-24T18:00+01:00`, with or without seconds; null for all else. */
export function readTime(text: string): WrittenTime | null {
  const match = WRITTEN.exec(text);
  if (match === null) return null;
  const [, date = '', time = '', seconds = '', offset = ''] = match;
  const wall = Date.parse(`${date}T${time === '' ? '00:00' : time}:${seconds === '' ? '00' : seconds}Z`);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 10) !== date) return null;
  return { wall, offsetMs: readOffset(offset), isDate: time === '' };
}

/** `2026-12-24 18:00`. */
export function writeWall(wall: WallMs): string {
  return new Date(wall).toISOString().slice(0, 16).replace('T', ' ');
}

const WRITTEN = /^(\d{4}-\d\d-\d\d)(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d))?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?$/;

function readOffset(text: string): number | null {
  if (text === '') return null;
  if (text === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6));
  return (text.startsWith('-') ? -minutes : minutes) * MINUTE_MS;
}
