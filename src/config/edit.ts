import { isDeepStrictEqual } from 'node:util';
import { isAlias, isMap, isSeq, type Pair } from 'yaml';
import { ConfigError } from '../core/errors.ts';
import { insertItem, removeItem } from './edit-list.ts';
import { insertEntry, insertMapping, type MapSite, removeEntry, replaceValue } from './edit-mapping.ts';
import { intend, listAt } from './intended-value.ts';
import { isNothing, isUnwritten, stepOf } from './node-span.ts';
import type { YamlValue } from './render-yaml.ts';
import { applySplice, type Splice } from './splice.ts';
import { whyNotEditable } from './why-not-editable.ts';
import { asNode, ownPair, parseYaml, type YamlDocument } from './yaml-document.ts';

/** One change of a configuration; paths lead through mappings only. */
export type Edit =
  | { readonly kind: 'set'; readonly path: readonly string[]; readonly value: YamlValue }
  /** Makes a list of texts what it shall be, entry by entry where it is there already. */
  | { readonly kind: 'set-list'; readonly path: readonly string[]; readonly items: readonly string[] }
  | { readonly kind: 'remove'; readonly path: readonly string[] }
  | { readonly kind: 'add-item'; readonly path: readonly string[]; readonly item: string }
  | { readonly kind: 'remove-item'; readonly path: readonly string[]; readonly item: string };

/**
 * Makes changes in the text itself: every byte outside the lines of what changes stays, comments, order, blank lines
 * and all. After each change the text is read again, and must say exactly what was intended.
 * @throws ConfigError CONFIG_NOT_EDITABLE when it would not, for example because an anchor shares the value.
 */
export function editText(text: string, edits: readonly Edit[]): string {
  let document = parseYaml(text);
  for (const edit of edits) {
    for (const step of stepsOf(document, edit)) document = apply(document, step);
  }
  return document.text;
}

/** An edit that is one splice. */
export type Step = Exclude<Edit, { readonly kind: 'set-list' }>;

/** New entries come first, so that the list is never empty in between. */
function stepsOf({ value }: YamlDocument, edit: Edit): readonly Step[] {
  if (edit.kind !== 'set-list') return [edit];
  const { path, items } = edit;
  const now = listAt(value, path);
  if (now === null) return [{ kind: 'set', path, value: items }];
  const added = items.filter((item) => !now.includes(item)).map((item) => ({ kind: 'add-item' as const, path, item }));
  const gone = now
    .filter((item) => !items.includes(item))
    .map((item) => ({ kind: 'remove-item' as const, path, item }));
  return [...added, ...gone];
}

function apply(document: YamlDocument, edit: Step): YamlDocument {
  const intended = intend(document.value, edit);
  if (isDeepStrictEqual(intended, document.value)) return document;
  const splice = document.problems.length > 0 ? null : spliceFor(document, edit);
  const edited = splice === null ? null : parseYaml(applySplice(document.text, splice));
  if (edited === null || edited.problems.length > 0 || !isDeepStrictEqual(edited.value, intended)) {
    throw new ConfigError(
      'CONFIG_NOT_EDITABLE',
      `${edit.path.join('/')} cannot be edited safely: ${whyNotEditable(document, edit.path)}`,
      {
        hint: 'change it by hand with: celeroot config edit',
        details: { path: edit.path },
      },
    );
  }
  return edited;
}

function spliceFor(document: YamlDocument, edit: Step): Splice | null {
  const found = find(document, edit.path);
  if (found === null) return null;
  switch (edit.kind) {
    case 'set':
      return set(found, edit.value);
    case 'remove':
      return found.pair === null || found.rest.length > 1 ? null : removeEntry(found.site, found.pair);
    case 'add-item':
    case 'remove-item':
      return changeList(document, found, edit);
  }
}

type Found = {
  /** The innermost mapping of the path that is there. */
  readonly site: MapSite;
  /** Its pair for the next step, if there is one. */
  readonly pair: Pair | null;
  /** Steps of the path from that mapping on; at least one. */
  readonly rest: readonly [string, ...string[]];
};

function find({ text, root }: YamlDocument, path: readonly string[]): Found | null {
  if (!isMap(root)) return null;
  let site: MapSite = { text, map: root, pair: null, inBlock: root.flow !== true, step: stepOf(text, root, 2) };
  let [step, ...rest] = path;
  while (step !== undefined) {
    const pair = ownPair(site.map, step);
    const next = pair?.value;
    const [following, ...others] = rest;
    if (pair === null || following === undefined || !isMap(next)) return { site, pair, rest: [step, ...rest] };
    const inBlock = site.inBlock && (next.flow !== true || next.items.length === 0);
    site = { text, map: next, pair, inBlock, step: stepOf(text, next, site.step) };
    [step, rest] = [following, others];
  }
  return null;
}

function set({ site, pair, rest }: Found, value: YamlValue): Splice | null {
  const [key, ...inner] = rest;
  const nested = inner.reduceRight<YamlValue>((within, step) => ({ [step]: within }), value);
  if (pair === null) return insertEntry(site, { key, value: nested });
  if (inner.length === 0) return replaceValue(site.text, pair, value);
  const [first = '', ...deeper] = inner;
  if (!isNothing(asNode(pair.value))) return null;
  const entry = deeper.reduceRight<YamlValue>((within, step) => ({ [step]: within }), value);
  return insertMapping(site, pair, { key: first, value: entry });
}

type ListEdit = Extract<Step, { readonly item: string }>;

/** A list of the entry's own is edited in place; one that is shared or merged is written out beside it. */
function changeList(document: YamlDocument, found: Found, edit: ListEdit): Splice | null {
  const { pair, site, rest } = found;
  const before = listAt(document.value, edit.path);
  const list = rest.length === 1 ? pair?.value : undefined;
  if (pair !== null && isSeq(list) && before !== null) {
    const at = { text: site.text, list, pair };
    return edit.kind === 'add-item' ? insertItem(at, edit.item) : removeItem(at, before.indexOf(edit.item));
  }
  if (pair !== null && !isAlias(pair.value) && !isUnwritten(asNode(pair.value))) return null;
  const intended = listAt(intend(document.value, edit), edit.path);
  return intended === null ? null : set(found, intended);
}
