import type { Step } from './edit.ts';
import { isRecord } from './is-record.ts';

/** The value after an edit, as plain data; `value` itself stays as it is. */
export function intend(value: unknown, edit: Step): unknown {
  return changeAt(value, edit.path, edit);
}

/** The list of texts a path leads to; null when there is none. */
export function listAt(value: unknown, path: readonly string[]): readonly string[] | null {
  let found = value;
  for (const step of path) found = isRecord(found) ? found[step] : undefined;
  return isTexts(found) ? found : null;
}

function changeAt(value: unknown, path: readonly string[], edit: Step): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return changed(value, edit);
  if (edit.kind === 'remove' || edit.kind === 'remove-item') {
    if (!isRecord(value) || !Object.hasOwn(value, step)) return value;
    if (edit.kind === 'remove' && rest.length === 0) return without(value, step);
  }
  const parent = isRecord(value) ? value : {};
  return { ...parent, [step]: changeAt(parent[step], rest, edit) };
}

function without(value: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

function changed(value: unknown, edit: Step): unknown {
  const list = isTexts(value) ? value : [];
  switch (edit.kind) {
    case 'set':
      return edit.value;
    case 'add-item':
      return list.includes(edit.item) ? value : [...list, edit.item];
    case 'remove-item':
      return list.includes(edit.item) ? list.filter((item) => item !== edit.item) : value;
    case 'remove':
      return undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
