import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { type ConfigPath, type ConfigProblem, type Finding, formatPath } from './config-problem.ts';
import { syntaxFault } from './yaml-syntax.ts';
import { isMergeKey, scalarKey, valueOf } from './yaml-value.ts';

/** A YAML text with its nodes: its value, what is wrong with it as YAML, and where each part stands. */
export type YamlDocument = {
  readonly text: string;
  readonly root: Node | null;
  readonly value: unknown;
  /** False when the text is no YAML, so that its value says nothing. */
  readonly isTree: boolean;
  readonly problems: readonly ConfigProblem[];
  readonly locate: (finding: Finding) => ConfigProblem;
};

/**
 * Parses with every problem collected. Duplicate keys are found by our own walk: the library's check compares each key
 * with all before it, which costs more than the rest of the parse on thousands of hosts.
 */
export function parseYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(line === 1 ? col - mark : col, 1) };
  };
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, uniqueKeys: false });
  const root = document.contents;
  const syntax = syntaxProblems(document, text, place);
  const { value, faults } = syntax.length > 0 ? { value: null, faults: [] } : valueOf(root);
  const structure = faults.map(({ offset, path, message }) => ({ ...place(offset), path: formatPath(path), message }));
  return {
    text,
    root,
    value,
    isTree: syntax.length === 0,
    problems: [...syntax, ...structure],
    locate: ({ path, at, message }) => ({ ...place(offsetOf(root, path, at)), path: formatPath(path), message }),
  };
}

type Place = (offset: number) => { line: number; column: number };

/** The first complaint of each line: one slip makes the library stumble several times. */
function syntaxProblems(document: Document, text: string, place: Place): ConfigProblem[] {
  const all = [...document.errors, ...document.warnings];
  const deep = all.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  const byLine = new Map<number, ConfigProblem>();
  for (const error of deep === undefined ? all : [deep]) {
    const { offset, message } = syntaxFault(error, text);
    const { line, column } = place(offset);
    if (!byLine.has(line)) byLine.set(line, { line, column, path: '', message });
  }
  return [...byLine.values()];
}

/** Follows the path as far as it exists; what is missing is shown at the key that lacks it. */
function offsetOf(root: Node | null, path: ConfigPath, at: 'key' | 'value'): number {
  let node: Node | null = root;
  let offset = startOf(root) ?? 0;
  for (const [depth, step] of path.entries()) {
    const found = child(node, step);
    if (found === null) break;
    const wantsValue = depth < path.length - 1 ? false : at === 'value';
    offset = (wantsValue ? startOf(found.value) : null) ?? startOf(found.key) ?? startOf(found.value) ?? offset;
    node = found.value;
  }
  return offset;
}

type Child = { readonly key: Node | null; readonly value: Node | null };

function child(parent: Node | null, step: string | number): Child | null {
  if (isSeq(parent) && typeof step === 'number') return { key: null, value: asNode(parent.items[step]) };
  if (!isMap(parent)) return null;
  const pair = parent.items.find((item) => scalarKey(item) === String(step));
  return pair === undefined ? null : { key: asNode(pair.key), value: asNode(pair.value) };
}

/** Null for a value that is not written at all, so that its key is shown. */
function startOf(node: Node | null): number | null {
  if (isScalar(node) && node.value === null && node.source === '') return null;
  return node?.range?.[0] ?? null;
}

/**
 * The names in a section as they are written. An object that has names which look like numbers puts those first, in an
 * order of its own. What an alias or `<<` brings is not in it.
 */
export function namesInOrder({ root }: YamlDocument, section: string): readonly string[] {
  const map = ownPair(root, section)?.value;
  return isMap(map) ? map.items.flatMap((pair) => scalarKey(pair) ?? []) : [];
}

export function asNode(value: unknown): Node | null {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;
}

/** The pair of a mapping with this key, merged ones not counted. */
export function ownPair(map: Node | null, key: string): Pair | null {
  if (!isMap(map)) return null;
  return map.items.find((pair) => scalarKey(pair) === key && !isMergeKey(pair)) ?? null;
}
