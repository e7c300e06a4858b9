import { nextNamed } from './cron-times.ts';
import type { Timing } from './slots.ts';
import type { Span } from './spans.ts';
import type { WallMs } from './wall-clock.ts';

/** A time that a pattern names and the clock jumps over, and when it has jumped. */
export type MissingTime = { readonly wall: WallMs; readonly at: number };

/** The first such time of each jump of the clock within a span. */
export function missingTimes(timing: Extract<Timing, { kind: 'cron' }>, within: Span): readonly MissingTime[] {
  const missing: MissingTime[] = [];
  let before = timing.zone.stretchAt(within.start);
  while (before.end < within.end) {
    const stretch = timing.zone.stretchAt(before.end);
    const wall = nextNamed(timing.pattern, stretch.start + before.offset, stretch.start + stretch.offset);
    if (wall !== null) missing.push({ wall, at: stretch.start });
    before = stretch;
  }
  return missing;
}
