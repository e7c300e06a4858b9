import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ChainHead } from '../core/chain-head.ts';
import { checkText, emptyChain, nextLine } from './chain.ts';

/** A thousand mutations; `CELEROOT_FUZZ=100` makes them a hundred thousand. */
const RUNS = 1000 * Number(process.env['CELEROOT_FUZZ'] ?? '1');

type Built = { readonly lines: readonly string[]; readonly heads: readonly ChainHead[] };

function build(events: readonly unknown[], from: ChainHead = emptyChain('0'.repeat(64))): Built {
  const lines: string[] = [];
  const heads: ChainHead[] = [];
  let head = from;
  for (const event of events) {
    const next = nextLine(head, { at: 1_764_000_000_000 + lines.length, event });
    head = next.head;
    lines.push(next.line);
    heads.push(head);
  }
  return { lines, heads };
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

const events = fc.array(fc.record({ kind: fc.constantFrom('accepted', 'ended', 'ü€𝄞'), job: fc.string() }), {
  minLength: 2,
  maxLength: 30,
});

type Mutation = (text: string, built: Built, random: { readonly place: number; readonly other: number }) => string;

const lineMutation =
  (change: (lines: string[], place: number, other: number) => readonly string[]): Mutation =>
  (_, { lines }, { place, other }) =>
    textOf(change([...lines], place % lines.length, other % lines.length));

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a byte edited': (text, _, { place, other }) => {
    const bytes = Buffer.from(text);
    const index = place % bytes.length;
    bytes[index] = ((bytes[index] ?? 0) + 1 + (other % 255)) % 256;
    return bytes.toString('latin1') === Buffer.from(text).toString('latin1') ? `${text}x` : bytes.toString('utf8');
  },
  'a byte deleted': (text, _, { place }) => {
    const index = place % text.length;
    return text.slice(0, index) + text.slice(index + 1);
  },
  'a line deleted': lineMutation((lines, place) => lines.toSpliced(place, 1)),
  'a line doubled': lineMutation((lines, place, other) => lines.toSpliced(other, 0, lines[place] ?? '')),
  'a line inserted': lineMutation((lines, place) => lines.toSpliced(place, 0, '{"seq":1}')),
  'two lines swapped': lineMutation((lines, place, other) => {
    const to = place === other ? (place + 1) % lines.length : other;
    const [one = '', two = ''] = [lines[place], lines[to]];
    return lines.with(place, two).with(to, one);
  }),
  'the head cut off': lineMutation((lines, place) => lines.slice(place + 1)),
  'the tail cut off': lineMutation((lines, place) => lines.slice(0, place)),
  'the last line torn': (text, _, { place }) => text.slice(0, text.length - 1 - (place % 20)),
  'all forged anew from a line on': (_, { lines, heads }, { place, other }) => {
    const keep = place % lines.length;
    const from = heads[keep - 1] ?? emptyChain('0'.repeat(64));
    const forged = build(
      lines.slice(keep).map((__, index) => ({ kind: 'forged', other, index })),
      from,
    );
    return textOf([...lines.slice(0, keep), ...forged.lines]);
  },
  'forged anew, and longer than before': (_, { lines, heads }, { place }) => {
    const keep = place % lines.length;
    const from = heads[keep - 1] ?? emptyChain('0'.repeat(64));
    const forged = build(
      Array.from({ length: lines.length + 3 }, () => ({ kind: 'forged' })),
      from,
    );
    return textOf([...lines.slice(0, keep), ...forged.lines]);
  },
};

describe('of a chain whose head is known', () => {
  for (const [what, mutate] of Object.entries(MUTATIONS)) {
    test(`${what} is found`, () => {
      const runs = Math.ceil(RUNS / Object.keys(MUTATIONS).length);
      fc.assert(
        fc.property(events, fc.nat(), fc.nat(), (all, place, other) => {
          const built = build(all);
          const text = textOf(built.lines);
          const mutated = mutate(text, built, { place, other });
          fc.pre(mutated !== text);
          const { broken } = checkText(mutated, { known: built.heads.slice(-1) });
          assert.notEqual(broken, null);
          assert.ok((broken?.line ?? 0) <= built.lines.length + 1);
        }),
        { numRuns: runs },
      );
    });
  }

  test('nothing is found when it only grew, whatever heads it had are known, from any line on', () => {
    fc.assert(
      fc.property(events, fc.nat(), fc.nat(), (all, size, start) => {
        const { lines, heads } = build(all);
        const first = 1 + (start % lines.length);
        const text = textOf(lines.slice(first - 1));
        const known = heads.filter((head) => head.size >= first).slice(0, 1 + size);
        const { broken, head } = checkText(text, { first, known });
        assert.deepEqual([broken, head], [null, heads.at(-1)]);
      }),
    );
  });
});

describe('what is found is named', () => {
  const { lines, heads } = build([1, 2, 3, 4, 5].map((n) => ({ n })));
  const known = heads.slice(-1);
  const edited = (lines[2] ?? '').replace('"n":3', '"n":8');
  const rewritten = build([{ n: 9 }, { n: 9 }, { n: 9 }], heads[1]).lines;
  const cases: readonly (readonly [string, readonly string[], object])[] = [
    ['an edited line', lines.with(2, edited), { line: 3, what: 'changed' }],
    ['an unreadable line', lines.with(2, '{'), { line: 3, what: 'changed' }],
    ['a missing line', lines.toSpliced(2, 1), { line: 3, what: 'cut' }],
    ['a line twice', lines.toSpliced(2, 0, lines[1] ?? ''), { line: 3, what: 'added' }],
    ['two lines swapped', lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''), { line: 3, what: 'reordered' }],
    ['a tail that is gone', lines.slice(0, 3), { line: 4, what: 'cut' }],
    ['a tail forged anew', [...lines.slice(0, 2), ...rewritten], { line: 5, what: 'rewritten' }],
  ];
  for (const [what, changed, broken] of cases) {
    test(what, () => assert.deepEqual(checkText(textOf(changed), { known }).broken, broken));
  }

  test('a last line without an end', () => {
    assert.deepEqual(checkText(textOf(lines) + '{"seq":6'), {
      ...checkText(textOf(lines)),
      broken: { line: 6, what: 'torn' },
    });
  });
});
