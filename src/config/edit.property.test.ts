import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Edit, editText } from './edit.ts';
import { renderText } from './render-yaml.ts';
import { parseYaml } from './yaml-document.ts';

/** A file as an administrator may have written it, and the lines of each host in it. */
type Written = { readonly text: string; readonly hosts: ReadonlyMap<string, readonly string[]> };

const name = fc.constantFrom('web1', 'web2', 'db1', 'a.b', 'x-1', '10', 'null');
const role = fc.constantFrom('web', 'db', 'mail', 'cache');
const comment = fc.constantFrom('# c', '#', '# a: b', '# - x', '#{', "# it's");
const tail = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  comment.map((text) => `  ${text}`),
);
const between = fc.array(fc.oneof(fc.constant(''), comment), { maxLength: 2 });
const quote = fc.constantFrom('', '"', "'");

type Style = { readonly step: number; readonly list: 'brackets' | 'dashes' | 'dashes at key' };

/** Lines of `roles:` at a column. */
function roleLines(roles: readonly string[], column: number, [style, end]: readonly [Style, string]): string[] {
  const pad = ' '.repeat(column);
  if (style.list === 'brackets' || roles.length === 0) return [`${pad}roles: [${roles.join(', ')}]${end}`];
  const dash = style.list === 'dashes' ? ' '.repeat(column + style.step) : pad;
  return [`${pad}roles:${end}`, ...roles.map((each) => `${dash}- ${each}${end}`)];
}

const host = fc.record({
  roles: fc.uniqueArray(role, { minLength: 1, maxLength: 3 }),
  braces: fc.boolean(),
  quote,
  end: tail,
  above: between,
  inner: fc.constantFrom([], ['# inside'], ['', '# inside']),
});

const file: fc.Arbitrary<Written> = fc
  .record({
    style: fc.record({
      step: fc.constantFrom(2, 4, 3),
      list: fc.constantFrom('brackets', 'dashes', 'dashes at key'),
    }) satisfies fc.Arbitrary<Style>,
    hosts: fc.dictionary(name, host, { maxKeys: 4 }),
    head: between,
    foot: between,
    order: fc.boolean(),
    empty: fc.constantFrom('hosts: {}', 'hosts:', 'hosts: ~ # none', 'hosts: { }  # none', null),
    spaced: fc.boolean(),
    newline: fc.constantFrom('\n', '\r\n'),
    last: fc.boolean(),
  })
  .map(({ style, hosts, head, foot, order, empty, spaced, newline, last }) => {
    const pad = ' '.repeat(style.step);
    const blocks = new Map<string, string[]>();
    const section: string[] = [];
    for (const [key, { roles, braces, quote: mark, end, above, inner }] of Object.entries(hosts)) {
      const block = braces
        ? [`${pad}${mark}${key}${mark}: { roles: [${roles.join(', ')}] }${end}`]
        : [
            `${pad}${mark}${key}${mark}:${end}`,
            ...inner.map((line) => (line === '' ? '' : `${pad}${pad}${line}`)),
            ...roleLines(roles, style.step * 2, [style, end]),
          ];
      blocks.set(key, block);
      section.push(...above.map((line) => (line === '' ? '' : `${pad}${line}`)), ...block, ...(spaced ? [''] : []));
    }
    const hostLines = section.length > 0 ? ['hosts:', ...section] : empty === null ? [] : [empty];
    const other = ['version: 1', ...head, 'roles:', `${pad}web:`, `${pad}${pad}concurrency: 2 # two`, ...foot];
    const lines = order ? [...other, ...hostLines] : [...hostLines, ...other];
    return { text: lines.join(newline) + (last ? newline : ''), hosts: blocks };
  });

function valueOf(text: string): Record<string, unknown> {
  const { value, problems } = parseYaml(text);
  assert.deepEqual(problems, [], text);
  assert.ok(isObject(value));
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hostsOf(text: string): Record<string, unknown> {
  const { hosts } = valueOf(text);
  return isObject(hosts) ? hosts : {};
}

/** The lines that are gone, of those between the lines that both texts begin and end with. */
function lost(before: string, after: string): string[] {
  const [old, fresh] = [before.split(/\r?\n/), after.split(/\r?\n/)];
  while (old.length > 0 && old[0] === fresh[0]) [old, fresh].forEach((lines) => lines.shift());
  while (old.length > 0 && old.at(-1) === fresh.at(-1)) [old, fresh].forEach((lines) => lines.pop());
  return old.filter((line) => !fresh.includes(line));
}

function edited(text: string, edit: Edit): string {
  try {
    return editText(text, [edit]);
  } catch (error) {
    return assert.fail(`${String(error)} for ${JSON.stringify(edit)} in\n${text}`);
  }
}

const newHost = fc.record(
  {
    address: fc.constantFrom('10.0.0.1', 'new.example.org', '::1', '1'),
    roles: fc.uniqueArray(role, { minLength: 1, maxLength: 2 }),
  },
  { noNullPrototype: true },
);

test('adding a host loses no line and changes nothing else', () => {
  fc.assert(
    fc.property(file, newHost, ({ text }, value) => {
      const after = edited(text, { kind: 'set', path: ['hosts', 'new'], value });

      assert.deepEqual(valueOf(after), { ...valueOf(text), hosts: { ...hostsOf(text), new: value } });
      assert.deepEqual(
        lost(text, after).filter((line) => !/^hosts: *(?:\{ *\}|~)/.test(line)),
        [],
        after,
      );
      assert.equal(after.endsWith('\n'), text.endsWith('\n'));
      if (text.includes('\r\n')) assert.doesNotMatch(after, /[^\r]\n/);
    }),
    { numRuns: 300 },
  );
});

test('a host that was added and is removed leaves the file as it was', () => {
  fc.assert(
    fc.property(file, newHost, ({ text, hosts }, value) => {
      fc.pre(hosts.size > 0);
      const added = edited(text, { kind: 'set', path: ['hosts', 'new'], value });

      assert.equal(edited(added, { kind: 'remove', path: ['hosts', 'new'] }), text);
    }),
    { numRuns: 300 },
  );
});

test('removing a host takes its lines and no others', () => {
  fc.assert(
    fc.property(file, fc.nat(), ({ text, hosts }, pick) => {
      const [key, block] = [...hosts][pick % Math.max(hosts.size, 1)] ?? [];
      fc.pre(key !== undefined);
      const after = edited(text, { kind: 'remove', path: ['hosts', key ?? ''] });

      const { [key ?? '']: _, ...rest } = hostsOf(text);
      assert.deepEqual(valueOf(after), { ...valueOf(text), hosts: rest });
      const allowed = [...(block ?? []), '', 'hosts:'];
      assert.deepEqual(
        lost(text, after).filter((line) => !allowed.includes(line)),
        [],
        after,
      );
    }),
    { numRuns: 300 },
  );
});

test('adding a role to a host and taking it off again leaves the file as it was', () => {
  fc.assert(
    fc.property(file, fc.nat(), ({ text, hosts }, pick) => {
      const [key] = [...hosts][pick % Math.max(hosts.size, 1)] ?? [];
      fc.pre(key !== undefined);
      const path = ['hosts', key ?? '', 'roles'];
      const added = edited(text, { kind: 'add-item', path, item: 'new' });

      assert.ok(lost(text, added).length <= 1, added);
      assert.equal(edited(added, { kind: 'remove-item', path, item: 'new' }), text);
    }),
    { numRuns: 300 },
  );
});

test('every text is written so that it reads back, in lines and in brackets', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.string(), name, fc.constantFrom('a: b', 'a #b', '*')),
      (text) => {
        const rendered = renderText(text);

        assert.deepEqual(valueOf(`a: ${rendered} # c\nb: [${rendered}, x]\n`), { a: text, b: [text, 'x'] });
      },
    ),
    { numRuns: 2000 },
  );
});
