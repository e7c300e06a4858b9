import { type Calendar, spansOf } from './calendar.ts';
import { spanAt, type Span } from './spans.ts';

/** A calendar with the times in which it holds, worked out for the time that matters. */
export type HeldCalendar = Pick<Calendar, 'name' | 'kind'> & { readonly spans: readonly Span[] };

/** What calendars say of a host: when it may begin, or the calendar that keeps it from beginning. */
export type AllowedStart =
  | { readonly at: number; readonly putOffBy: string | null }
  | { readonly at: null; readonly keptBy: string };

/** Works a calendar out for a time, once for all hosts that it is for. */
export function holdCalendar(calendar: Calendar, within: Span): HeldCalendar {
  return { name: calendar.name, kind: calendar.kind, spans: spansOf(calendar, within) };
}

/**
 * The first moment from `start` until before `end` in which no freeze holds and, where there are maintenance calendars,
 * one of them does.
 */
export function firstAllowed(calendars: readonly HeldCalendar[], { start, end }: Span): AllowedStart {
  const freezes = calendars.filter(({ kind }) => kind === 'freeze');
  const windows = calendars.filter(({ kind }) => kind === 'maintenance');
  let at = start;
  let putOffBy: string | null = null;
  for (;;) {
    const freeze = holding(freezes, at);
    if (freeze !== null) {
      at = freeze.span.end;
      putOffBy = freeze.name;
    } else if (windows.length > 0 && holding(windows, at) === null) {
      at = nextOpening(windows, at);
      putOffBy = windows.map(({ name }) => name).join(', ');
    } else return { at, putOffBy };
    if (at >= end) return { at: null, keptBy: putOffBy };
  }
}

/** Until when a host may still begin that may at a moment; that moment itself where it may not. */
export function allowedUntil(calendars: readonly HeldCalendar[], at: number): number {
  if (firstAllowed(calendars, { start: at, end: at + 1 }).at === null) return at;
  const freezes = calendars.filter(({ kind }) => kind === 'freeze');
  const windows = calendars.filter(({ kind }) => kind === 'maintenance');
  const frozenAt = nextOpening(freezes, at);
  if (windows.length === 0) return frozenAt;
  let closesAt = at;
  for (let open = holding(windows, at); open !== null; open = holding(windows, closesAt)) closesAt = open.span.end;
  return Math.min(frozenAt, closesAt);
}

function holding(
  calendars: readonly HeldCalendar[],
  at: number,
): { readonly name: string; readonly span: Span } | null {
  for (const { name, spans } of calendars) {
    const span = spanAt(spans, at);
    if (span !== null) return { name, span };
  }
  return null;
}

/** Infinity when none opens any more. They may be more than a call takes arguments. */
function nextOpening(calendars: readonly HeldCalendar[], after: number): number {
  let next = Infinity;
  for (const { spans } of calendars) for (const { start } of spans) if (start > after && start < next) next = start;
  return next;
}
