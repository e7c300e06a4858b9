import type { Span } from './spans.ts';
import type { WallMs } from './wall-clock.ts';
import { momentsAt, type Zone } from './zone.ts';

/** From a time that the clock shows twice to another: from the first of them until the last. */
export function wallSpan(zone: Zone, { from, until }: { readonly from: WallMs; readonly until: WallMs }): Span {
  const [start = from] = momentsAt(zone, from, { missing: 'after', repeated: 'first' });
  return { start, end: endOfSpan(zone, until) };
}

/** The moment at which the clock shows the end of a span: the last one, and after a gap that swallows it. */
export function endOfSpan(zone: Zone, wall: WallMs): number {
  return momentsAt(zone, wall, { missing: 'after', repeated: 'both' }).at(-1) ?? wall;
}
