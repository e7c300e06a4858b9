import type { Pair, YAMLSeq } from 'yaml';
import { spanOf } from './node-span.ts';
import { emptyOut, linesOf, removeBetween } from './remove-text.ts';
import { renderText } from './render-yaml.ts';
import type { Splice } from './splice.ts';
import { columnOf, endOfEntry, lineBreakOf, lineStart } from './text-lines.ts';

/** A list in the text, and the pair whose value it is. */
export type ListSite = { readonly text: string; readonly list: YAMLSeq; readonly pair: Pair };

/** Adds a text after the last entry. */
export function insertItem({ text, list }: ListSite, item: string): Splice | null {
  const last = list.items.at(-1);
  if (last === undefined) {
    const at = spanOf(text, list).start + 1;
    return { start: at, end: at, text: renderText(item) };
  }
  const { start, end } = spanOf(text, last);
  if (list.flow === true) return { start: end, end, text: `, ${renderText(item)}` };
  const dash = dashOf(text, start);
  if (dash === null) return null;
  const indent = columnOf(text, dash);
  const at = endOfEntry(text, end, indent);
  return { start: at, end: at, text: `${lineBreakOf(text)}${' '.repeat(indent)}- ${renderText(item)}` };
}

/** Takes an entry out; a list that becomes empty is written `[]`. */
export function removeItem({ text, list, pair }: ListSite, index: number): Splice | null {
  const spans = list.items.map((item) => spanOf(text, item));
  if (list.flow === true) return removeBetween(spans, index);
  const span = spans[index];
  const dash = span === undefined ? null : dashOf(text, span.start);
  if (span === undefined || dash === null) return null;
  const lines = linesOf(text, { start: dash, end: span.end, isLast: index === spans.length - 1 });
  if (lines === null) return null;
  return spans.length > 1 ? { ...lines, text: '' } : emptyOut(text, lines, { pair, empty: '[]' });
}

/** The `-` an entry's line begins with. */
function dashOf(text: string, offset: number): number | null {
  const start = lineStart(text, offset);
  const dash = /^ *-/.exec(text.slice(start, offset));
  return dash === null ? null : start + dash[0].length - 1;
}
