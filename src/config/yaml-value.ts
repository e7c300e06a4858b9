import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import type { ConfigPath } from './config-problem.ts';
import { isRecord } from './is-record.ts';

/** Something the YAML allows to be written and a configuration may not contain. */
export type ValueFault = { readonly offset: number; readonly path: ConfigPath; readonly message: string };

const ALIAS_LIMIT = 1_000_000;

/**
 * Plain values of a YAML tree, with anchors shared and `<<` merged. Differs from the library's own conversion where
 * an administrator's slip would go unseen or cost the machine: a key given twice, an alias to nothing, an alias within
 * its own anchor, and aliases that multiply (each stands for its whole content) beyond a million values.
 */
export function valueOf(root: Node | null): { readonly value: unknown; readonly faults: readonly ValueFault[] } {
  const walk: Walk = { anchors: new Map(), faults: [], path: [], size: 0, full: false };
  return { value: convert(root, walk), faults: walk.faults };
}

type Anchored = { readonly value: unknown; readonly size: number; readonly open: boolean };
type Walk = {
  readonly anchors: Map<string, Anchored>;
  readonly faults: ValueFault[];
  /** One array for the whole walk, copied only into faults. */
  readonly path: (string | number)[];
  /** Values so far, with everything aliases stand for. */
  size: number;
  full: boolean;
};

function convert(node: unknown, walk: Walk): unknown {
  if (isScalar(node) && node.anchor === undefined) {
    walk.size += 1;
    return node.value;
  }
  if (isAlias(node)) return resolve(node.source, node, walk);
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null;
  const before = walk.size;
  if (node.anchor !== undefined) walk.anchors.set(node.anchor, { value: null, size: 0, open: true });
  const value = contentOf(node, walk);
  walk.size += 1;
  if (node.anchor !== undefined) walk.anchors.set(node.anchor, { value, size: walk.size - before, open: false });
  return value;
}

function contentOf(node: Node, walk: Walk): unknown {
  if (isMap(node)) return mapping(node, walk);
  if (!isSeq(node)) return isScalar(node) ? node.value : null;
  return node.items.map((item, index) => within(index, item, walk));
}

function within(key: string | number, node: unknown, walk: Walk): unknown {
  walk.path.push(key);
  const value = convert(node, walk);
  walk.path.pop();
  return value;
}

/** Own keys win over merged ones wherever `<<` stands, and earlier merged mappings over later ones. */
function mapping(map: YAMLMap, walk: Walk): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  const merged: Record<string, unknown>[] = [];
  const seen = new Set<string>();
  for (const pair of map.items) {
    const key = keyOf(pair, walk);
    if (key === null) continue;
    if (seen.has(key)) fault(walk, pair.key, { path: [...walk.path, key], message: 'is given twice in this mapping' });
    else if (isMergeKey(pair)) merged.push(...mergedFrom(pair, walk));
    else own[key] = within(key, pair.value, walk);
    seen.add(key);
  }
  if (merged.length === 0) return own;
  return Object.assign({}, ...merged.reverse(), own);
}

function keyOf(pair: Pair, walk: Walk): string | null {
  const key = scalarKey(pair);
  if (key !== null && key !== '__proto__') return key;
  const message = key === null ? 'expected a name before the colon' : 'the name __proto__ cannot be used';
  fault(walk, pair.key, { path: [...walk.path], message });
  return null;
}

/** The key as it is written, so that `010` and `1.0` stay what they look like. */
export function scalarKey(pair: Pair): string | null {
  const key: unknown = pair.key;
  if (!isScalar(key)) return null;
  if (typeof key.value === 'string') return key.value;
  return isMergeKey(pair) ? '<<' : key.source === undefined || key.source === '' ? null : key.source;
}

/** The library makes the value of an unquoted `<<` a symbol. */
export function isMergeKey(pair: Pair): boolean {
  const key: unknown = pair.key;
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

function mergedFrom(pair: Pair, walk: Walk): Record<string, unknown>[] {
  const value = within('<<', pair.value, walk);
  const sources = Array.isArray(value) ? value : [value];
  if (sources.every(isRecord)) return sources;
  fault(walk, pair.key, { path: [...walk.path], message: 'expected << to name mappings only' });
  return [];
}

function resolve(anchor: string, node: Node, walk: Walk): unknown {
  const path = [...walk.path];
  const target = walk.anchors.get(anchor);
  if (target === undefined) fault(walk, node, { path, message: noAnchor(anchor, path) });
  else if (target.open) fault(walk, node, { path, message: `the alias *${anchor} stands within its own anchor` });
  else return spend(target, node, walk);
  return null;
}

/** A password that begins with * reads as an alias, so under `broker` its name is not shown. */
function noAnchor(anchor: string, path: ConfigPath): string {
  const missing =
    path[0] === 'hosts' || path[0] === 'roles' ? `there is no anchor &${anchor}` : 'there is no such anchor';
  return `${missing} above this alias; a text that begins with * needs quotes`;
}

function spend(target: Anchored, node: Node, walk: Walk): unknown {
  walk.size += target.size;
  if (walk.size <= ALIAS_LIMIT) return target.value;
  if (!walk.full) {
    const message = `aliases make this file stand for more than ${ALIAS_LIMIT} values`;
    fault(walk, node, { path: [...walk.path], message });
  }
  walk.full = true;
  return null;
}

function fault(walk: Walk, node: unknown, what: { path: ConfigPath; message: string }): void {
  const range = isScalar(node) || isAlias(node) || isMap(node) || isSeq(node) ? node.range : undefined;
  walk.faults.push({ offset: range?.[0] ?? 0, ...what });
}
