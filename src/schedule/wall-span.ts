import type { Span } from './spans.ts';
import type { WallMs } from './wall-clock.ts';
import { momentsAt, type Zone } from './zone.ts';

/** Which of two moments at which the clock shows the end of a span is its end. */
export type SpanEnd = 'first' | 'last';

/** From a time to another; from one that the clock shows twice from the first of them. */
export function wallSpan(
  zone: Zone,
  { from, until, ends }: { readonly from: WallMs; readonly until: WallMs; readonly ends: SpanEnd },
): Span {
  const [start = from] = momentsAt(zone, from, { missing: 'after', repeated: 'first' });
  return { start, end: endOfSpan(zone, until, ends) };
}

/** The moment at which the clock shows the end of a span, and after a gap that swallows it. */
export function endOfSpan(zone: Zone, wall: WallMs, ends: SpanEnd): number {
  return momentsAt(zone, wall, { missing: 'after', repeated: 'both' }).at(ends === 'first' ? 0 : -1) ?? wall;
}
