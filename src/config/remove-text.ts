import type { Pair } from 'yaml';
import { afterColon, type Span } from './node-span.ts';
import type { Splice } from './splice.ts';
import { endOfEntry, isBlankLine, lineEnd, lineStart, nextLine } from './text-lines.ts';

/** Takes one of the entries between brackets, with the comma to the next, or, for the last, to the one before. */
export function removeBetween(entries: readonly Span[], index: number): Splice | null {
  const [before, entry, after] = [entries[index - 1], entries[index], entries[index + 1]];
  if (entry === undefined) return null;
  if (after !== undefined) return { start: entry.start, end: after.start, text: '' };
  return { start: before?.end ?? entry.start, end: entry.end, text: '' };
}

/**
 * The lines an entry stands on, with the blank line above when another follows or the entry was the last of its
 * collection. Null when it shares its first line with something else.
 */
export function linesOf(text: string, entry: Span & { readonly isLast: boolean }): Span | null {
  const lineOf = lineStart(text, entry.start);
  if (text.slice(lineOf, entry.start).trim() !== '') return null;
  const end = endOfEntry(text, entry.end, entry.start - lineOf);
  const next = nextLine(text, end);
  const hasBlankBelow = next === text.length || isBlankLine(text, next);
  const start = hasBlankBelow || entry.isLast ? (blankAbove(text, lineOf) ?? lineOf) : lineOf;
  // Without a line end at the end of the file there shall be none afterwards.
  return next === end && start > 0 ? { start: lineEnd(text, lineStart(text, start - 1)), end } : { start, end: next };
}

/** Start of the line above when that is blank. */
function blankAbove(text: string, start: number): number | null {
  if (start === 0) return null;
  const above = lineStart(text, start - 1);
  return isBlankLine(text, above) ? above : null;
}

/** Deletes the only lines of a collection and writes `{}` or `[]` behind its key, keeping what stands between. */
export function emptyOut(
  text: string,
  lines: Span,
  { pair, empty }: { pair: Pair; empty: '{}' | '[]' },
): Splice | null {
  const colon = afterColon(text, pair);
  if (colon === null) return null;
  const head = text.slice(colon, lineEnd(text, colon)).replace(/(?:^|\s+)#.*$/, '');
  const value = colon + head.trimEnd().length;
  if (value > lines.start) return null;
  return { start: value, end: lines.end, text: ` ${empty}${text.slice(value, lines.start)}` };
}
