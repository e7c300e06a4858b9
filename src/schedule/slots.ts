import type { CronPattern } from './cron.ts';
import { nextNamed } from './cron-times.ts';
import { DAY_MS, MINUTE_MS } from './wall-clock.ts';
import type { DstRule, Stretch, Zone } from './zone.ts';

/** When a schedule fires. */
export type Timing =
  | { readonly kind: 'cron'; readonly pattern: CronPattern; readonly zone: Zone; readonly dst: DstRule }
  | { readonly kind: 'every'; readonly everyMs: number; readonly anchor: number }
  /** Moments, in order. */
  | { readonly kind: 'at'; readonly moments: readonly number[] };

/** The first slot after a moment; null when there is none, of a cron pattern none for sixty years. */
export function nextSlot(timing: Timing, from: number): number | null {
  switch (timing.kind) {
    case 'cron':
      return nextOfCron(timing, from);
    case 'every':
      return timing.anchor + (Math.floor((from - timing.anchor) / timing.everyMs) + 1) * timing.everyMs;
    case 'at':
      return timing.moments.find((moment) => moment > from) ?? null;
  }
}

/** The slots after `from` up to and with `to`. */
export function* slotsBetween(timing: Timing, from: number, to: number): Generator<number> {
  for (let slot = nextSlot(timing, from); slot !== null && slot <= to; slot = nextSlot(timing, slot)) yield slot;
}

/** February has a 29th of one weekday at least every forty years. */
const HORIZON_MS = 60 * 366 * DAY_MS;

type CronTiming = Extract<Timing, { kind: 'cron' }>;

/** Goes through the stretches in which the clock keeps one distance from UTC: within them a wall time is one moment. */
function nextOfCron(timing: CronTiming, from: number): number | null {
  let at = Math.floor(from / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const end = at + HORIZON_MS;
  while (at < end) {
    const stretch = timing.zone.stretchAt(at);
    const slot = nextInStretch(timing, stretch, { at, end: Math.min(stretch.end, end) });
    if (slot !== null) return slot;
    at = stretch.end;
  }
  return null;
}

function nextInStretch(
  { pattern, zone, dst }: CronTiming,
  stretch: Stretch,
  { at, end }: { readonly at: number; readonly end: number },
): number | null {
  const { start, offset } = stretch;
  const shownBefore = Number.isFinite(start) ? start + zone.stretchAt(start - 1).offset : -Infinity;
  const isAtStart = at <= start;
  if (isAtStart && dst.missing === 'after' && nextNamed(pattern, shownBefore, start + offset) !== null) return start;
  const from = at + offset;
  const wall = nextNamed(pattern, dst.repeated === 'first' ? Math.max(from, shownBefore) : from, end + offset);
  return wall === null ? null : wall - offset;
}
