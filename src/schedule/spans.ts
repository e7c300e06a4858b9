/** From `start` until before `end`. */
export type Span = { readonly start: number; readonly end: number };

/** The same times in order, with no two that touch. */
export function mergeSpans(spans: readonly Span[]): readonly Span[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of spans.toSorted((one, other) => one.start - other.start)) {
    if (end <= start) continue;
    const last = merged.at(-1);
    if (last === undefined || start > last.end) merged.push({ start, end });
    else last.end = Math.max(last.end, end);
  }
  return merged;
}

/** The span of a merged list that a moment is in. */
export function spanAt(merged: readonly Span[], at: number): Span | null {
  return merged.find(({ start, end }) => start <= at && at < end) ?? null;
}
