import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { columnOf } from './text-lines.ts';
import { asNode } from './yaml-document.ts';

/** Offsets of the first character and behind the last, without comments and line ends. */
export type Span = { readonly start: number; readonly end: number };

export function spanOf(text: string, value: unknown): Span {
  const node = asNode(value);
  const start = node?.range?.[0] ?? 0;
  return { start, end: Math.max(start, endOfNode(text, node)) };
}

/** From the key to the end of the value. */
export function spanOfPair(text: string, pair: Pair): Span {
  const key = spanOf(text, pair.key);
  return { start: key.start, end: Math.max(key.end, afterColon(text, pair) ?? 0, endOfNode(text, asNode(pair.value))) };
}

/** The end of a block collection is that of its last entry; its own range takes in comments and blank lines. */
function endOfNode(text: string, node: Node | null): number {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return last === undefined ? 0 : spanOfPair(text, last).end;
  }
  if (isSeq(node) && node.flow !== true) return endOfNode(text, asNode(node.items.at(-1)));
  return withoutBreak(text, node?.range?.[1] ?? 0);
}

/** A text by `|` or `>` takes in its last line end. */
function withoutBreak(text: string, end: number): number {
  if (text[end - 1] !== '\n') return end;
  return text[end - 2] === '\r' ? end - 2 : end - 1;
}

/** Behind the colon of a pair; null when it is not on the key's line, as after `? key`. */
export function afterColon(text: string, pair: Pair): number | null {
  const end = asNode(pair.key)?.range?.[1];
  if (end === undefined) return null;
  const colon = /^[ \t]*:/.exec(text.slice(end, end + 80));
  return colon === null ? null : end + colon[0].length;
}

/** `key:` with nothing after it. */
export function isUnwritten(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null && node.source === '');
}

/** The same, or `key: ~` or `key: null`. */
export function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/** How far the mappings in a mapping stand to its right; as given when it has none by indentation. */
export function stepOf(text: string, map: YAMLMap, otherwise: number): number {
  for (const item of map.items.toReversed()) {
    if (isMap(item.value) && item.value.flow !== true) return mapColumn(text, item.value) - mapColumn(text, map);
  }
  return otherwise;
}

function mapColumn(text: string, map: YAMLMap): number {
  return columnOf(text, spanOf(text, map.items[0]?.key).start);
}
