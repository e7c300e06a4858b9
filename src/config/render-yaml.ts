/** What edits write, and what is shown: scalars, lists, and mappings of these. */
export type YamlValue = string | number | boolean | null | readonly YamlValue[] | { readonly [key: string]: YamlValue };

export type Layout = { readonly indent: number; readonly step: number };

/** Lines of `key: value` with mappings by indentation, lists in brackets, and texts of whole lines by `|`. */
export function renderEntry(key: string, value: YamlValue, { indent, step }: Layout): string[] {
  const start = `${' '.repeat(indent)}${renderKey(key)}:`;
  if (typeof value === 'string' && WHOLE_LINES.test(value)) {
    return [
      `${start} |`,
      ...value
        .trimEnd()
        .split('\n')
        .map((line) => ' '.repeat(indent + step) + line),
    ];
  }
  if (typeof value !== 'object' || value === null || isList(value) || Object.keys(value).length === 0) {
    return [`${start} ${renderInline(value)}`];
  }
  const inner = { indent: indent + step, step };
  return [start, ...Object.entries(value).flatMap(([name, each]) => renderEntry(name, each, inner))];
}

/** Lines that `|` gives back as they are: not indented, none empty, the last one ended. */
const WHOLE_LINES = /^(?:[!-~][ -~]*[!-~]\n){2,}$/;

/** The value on one line, in a form that also stands within brackets. */
export function renderInline(value: YamlValue): string {
  if (typeof value === 'string') return renderText(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (isList(value)) return `[${value.map(renderInline).join(', ')}]`;
  const entries = Object.entries(value).map(([key, each]) => `${renderKey(key)}: ${renderInline(each)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** `Array.isArray` does not narrow readonly lists. */
function isList(value: object): value is readonly YamlValue[] {
  return Array.isArray(value);
}

function renderKey(key: string): string {
  return /^[a-z_][a-z0-9_.-]*$/i.test(key) && !NOT_TEXT.test(key) ? key : quoted(key);
}

/** Unquoted where every YAML reader, also of version 1.1, takes it for a text. */
export function renderText(text: string): string {
  return PLAIN.test(text) && !NOT_TEXT.test(text) ? text : quoted(text);
}

const PLAIN = /^[\p{L}\p{N}/][\p{L}\p{N}_./+@*?()=~^-]*(?:[ :]?[\p{L}\p{N}_./+@*?()=~^-]+)*$/u;
/** Numbers, also hexadecimal and by the clock, dates, and words for true, false and nothing. */
const NOT_TEXT = new RegExp(
  [
    String.raw`^[-+]?(?:\.[0-9_]+|[0-9][0-9_]*\.?[0-9_]*)(?:e[-+]?[0-9]*)?$`,
    String.raw`^[-+]?0[xob][0-9a-f_]*$`,
    String.raw`^[-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?$`,
    String.raw`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}`,
    String.raw`^(?:[-+]?\.inf|\.nan|true|false|yes|no|on|off|y|n|null|~)$`,
  ].join('|'),
  'i',
);

/** Double-quoted YAML takes every escape of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
