import { isScalar, type Node, type Pair, type YAMLMap } from 'yaml';
import { afterColon, isUnwritten, spanOf, spanOfPair } from './node-span.ts';
import { emptyOut, linesOf, removeBetween } from './remove-text.ts';
import { renderEntry, renderInline, type YamlValue } from './render-yaml.ts';
import type { Splice } from './splice.ts';
import { columnOf, endOfEntry, lineBreakOf, lineEnd } from './text-lines.ts';
import { asNode } from './yaml-document.ts';

/** A mapping in the text. */
export type MapSite = {
  readonly text: string;
  readonly map: YAMLMap;
  /** The pair whose value it is; null for the outermost. */
  readonly pair: Pair | null;
  /** Not within brackets. */
  readonly inBlock: boolean;
  /** Spaces by which its mappings are indented. */
  readonly step: number;
};
export type NewEntry = { readonly key: string; readonly value: YamlValue };

/** Adds a pair after the last one, by indentation where the mapping is written so or empty. */
export function insertEntry(site: MapSite, entry: NewEntry): Splice | null {
  const { text, map, step } = site;
  const last = map.items.at(-1);
  if (last === undefined) return unfold(site, entry) ?? intoBraces(map, entry);
  if (map.flow === true) {
    const at = spanOfPair(text, last).end;
    return { start: at, end: at, text: `, ${inBraces(entry)}` };
  }
  const { start, end } = spanOfPair(text, last);
  const indent = columnOf(text, start);
  const at = endOfEntry(text, end, indent);
  const lines = renderEntry(entry.key, entry.value, { indent, step });
  const gap = isSpaced(text, map) ? [''] : [];
  return { start: at, end: at, text: ['', ...gap, ...lines].join(lineBreakOf(text)) };
}

/** Gives a pair that has no value, or a written null on the line of its key, a mapping with one entry. */
export function insertMapping(site: MapSite, pair: Pair, entry: NewEntry): Splice | null {
  const { text } = site;
  const colon = afterColon(text, pair);
  if (colon === null) return null;
  const node = asNode(pair.value);
  const end = isUnwritten(node) ? colon : spanOf(text, node).end;
  const eol = lineEnd(text, colon);
  if (end > eol) return null;
  if (!site.inBlock) return { start: colon, end, text: ` { ${inBraces(entry)} }` };
  return { start: colon, end: eol, text: text.slice(end, eol) + linesBelow(site, pair, entry) };
}

/** Puts a value, on one line, in the place of the pair's present one. */
export function replaceValue(text: string, pair: Pair, value: YamlValue): Splice | null {
  const colon = afterColon(text, pair);
  if (colon === null) return null;
  const node = asNode(pair.value);
  const rendered = renderInline(value);
  if (isUnwritten(node)) return { start: colon, end: colon, text: ` ${rendered}` };
  const { start, end } = spanOf(text, node);
  const keyLineEnd = lineEnd(text, colon);
  if (start <= keyLineEnd && !isBlockText(node)) return { start, end, text: rendered };
  const comment = /\s+#.*$/.exec(text.slice(colon, keyLineEnd))?.[0] ?? '';
  return { start: colon, end, text: ` ${rendered}${comment}` };
}

/** Takes a pair away; a mapping that becomes empty is written `{}`. */
export function removeEntry({ text, map, pair: parent }: MapSite, pair: Pair): Splice | null {
  const spans = map.items.map((item) => spanOfPair(text, item));
  if (map.flow === true) return removeBetween(spans, map.items.indexOf(pair));
  const lines = linesOf(text, { ...spanOfPair(text, pair), isLast: pair === map.items.at(-1) });
  if (lines === null) return null;
  if (spans.length > 1) return { ...lines, text: '' };
  return parent === null ? null : emptyOut(text, lines, { pair: parent, empty: '{}' });
}

/** `{}` on one line, not within brackets, becomes lines by indentation. */
function unfold(site: MapSite, entry: NewEntry): Splice | null {
  const { text, map, pair } = site;
  const { start, end } = spanOf(text, map);
  if (pair === null || !site.inBlock || !/^\{ *\}$/.test(text.slice(start, end))) return null;
  const before = text.slice(0, start).trimEnd().length;
  const eol = lineEnd(text, end);
  return { start: before, end: eol, text: text.slice(end, eol) + linesBelow(site, pair, entry) };
}

function intoBraces(map: YAMLMap, entry: NewEntry): Splice | null {
  const at = (map.range?.[0] ?? -1) + 1;
  return map.flow === true && at > 0 ? { start: at, end: at, text: ` ${inBraces(entry)} ` } : null;
}

function inBraces({ key, value }: NewEntry): string {
  return renderInline({ [key]: value }).slice(2, -2);
}

/** Lines under a key that has none yet; indented as the rest of the file is. */
function linesBelow({ text, step }: MapSite, key: Pair, entry: NewEntry): string {
  const column = columnOf(text, spanOf(text, key.key).start);
  return ['', ...renderEntry(entry.key, entry.value, { indent: column + step, step })].join(lineBreakOf(text));
}

/** Whether a blank line stands before the last pair. */
function isSpaced(text: string, map: YAMLMap): boolean {
  const [before, last] = map.items.slice(-2);
  if (before === undefined || last === undefined) return false;
  const between = text.slice(spanOfPair(text, before).end, spanOf(text, last.key).start);
  return /\n[ \t]*\r?\n/.test(between);
}

function isBlockText(node: Node | null): boolean {
  return isScalar(node) && (node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL');
}
