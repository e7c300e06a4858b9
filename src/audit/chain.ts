import { createHash } from 'node:crypto';
import * as z from 'zod';
import { digestSchema, type ChainHead } from '../core/chain-head.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';

/**
 * A chain is a text file that only grows: a JSON object a line, in which `prev` is the SHA-256 of the exact bytes of
 * the line before, without its end. The first line has the chain's id there, 64 hexadecimal digits of chance.
 */
const linkSchema = z.strictObject({
  /** From 1. */
  seq: z.int().min(1),
  /** Milliseconds since 1970. */
  at: z.int().min(0),
  prev: digestSchema,
  event: z.unknown(),
});
export type Link = Readonly<z.infer<typeof linkSchema>>;

/** SHA-256 of the exact bytes, hexadecimal. */
export function digestOf(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The head of a chain that has no line yet. */
export function emptyChain(id: string): ChainHead {
  return { size: 0, head: id };
}

/** The line that follows a head, without its line end, and the head it makes. */
export function nextLine(
  { size, head }: ChainHead,
  { at, event }: { readonly at: number; readonly event: unknown },
): { readonly line: string; readonly head: ChainHead } {
  const line = JSON.stringify({ seq: size + 1, at, prev: head, event } satisfies Link);
  return { line, head: { size: size + 1, head: digestOf(line) } };
}

/** What a line says; null when it is none of a chain. */
export function parseLink(line: string): Link | null {
  return parseJsonAs(linkSchema, line);
}

/**
 * What is wrong with a chain. `changed`: the line is not what the next one was written after; `cut`: lines are missing
 * from there on; `added`: a line is there that does not belong there; `reordered`; `rewritten`: the chain holds in
 * itself, but it is another than was seen before; `torn`: the last line has no end.
 */
export type BreakKind = 'changed' | 'cut' | 'added' | 'reordered' | 'rewritten' | 'torn';
export type ChainBreak = { readonly line: number; readonly what: BreakKind };

export type CheckOptions = {
  /** The number of the line that the text begins with; what was before it is not looked at. */
  readonly first?: number;
  /** Heads that this chain had, as others remember them. */
  readonly known?: readonly ChainHead[];
};

export type CheckedChain = {
  /** Of the last line looked at. */
  readonly head: ChainHead;
  /** What the first line names as the one before it: the chain's id when that is line 1. */
  readonly id: string | null;
  /** The first place where it does not hold; null when it holds. */
  readonly broken: ChainBreak | null;
};

/** Checks a chain line by line, so that one of any length can be. */
export type ChainCheck = {
  /** Takes the next line, without its end, and returns what it says; null for what says nothing. */
  readonly take: (line: string | Uint8Array) => Link | null;
  /** `torn`: something without a line end came last. */
  readonly end: (torn?: boolean) => CheckedChain;
};

export function checkChain({ first = 1, known = [] }: CheckOptions = {}): ChainCheck {
  const isKnown = rememberedHeads(known);
  let place = first - 1;
  let head: string | null = null;
  let id: string | null = null;
  let broken: ChainBreak | null = null;
  const take = (line: string | Uint8Array): Link | null => {
    place += 1;
    const link = parseLink(typeof line === 'string' ? line : Buffer.from(line).toString('utf8'));
    const digest = digestOf(line);
    broken = isLate(broken, link) ? { line: link?.seq ?? place, what: 'reordered' } : broken;
    broken ??= breakAt({ place, before: head, isFirst: place === first }, link) ?? isKnown(place, digest);
    id ??= link?.prev ?? null;
    head = digest;
    return link;
  };
  const end = (torn = false): CheckedChain => {
    const furthest = Math.max(0, ...known.map(({ size }) => size));
    if (torn) broken ??= { line: place + 1, what: 'torn' };
    if (furthest > place) broken ??= { line: place + 1, what: 'cut' };
    return { head: { size: place, head: head ?? '' }, id, broken };
  };
  return { take, end };
}

/** Says whether a line is another than somebody remembers. */
function rememberedHeads(known: readonly ChainHead[]): (place: number, digest: string) => ChainBreak | null {
  const bySize = Map.groupBy(known, ({ size }) => size);
  return (place, digest) =>
    bySize.get(place)?.some(({ head }) => head !== digest) === true ? { line: place, what: 'rewritten' } : null;
}

/** A line that seemed cut is there after all. */
function isLate(broken: ChainBreak | null, link: Link | null): boolean {
  return broken?.what === 'cut' && link?.seq === broken.line;
}

type Place = { readonly place: number; readonly before: string | null; readonly isFirst: boolean };

function breakAt({ place, before, isFirst }: Place, link: Link | null): ChainBreak | null {
  if (link === null) return { line: place, what: 'changed' };
  if (link.seq > place) return { line: place, what: 'cut' };
  if (link.seq < place) return { line: place, what: 'added' };
  return isFirst || link.prev === before ? null : { line: place - 1, what: 'changed' };
}

/** Checks a whole text, and returns what its lines say. */
export function checkText(
  text: string,
  options: CheckOptions = {},
): CheckedChain & { readonly links: readonly (Link | null)[] } {
  const check = checkChain(options);
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const links = lines.map(check.take);
  return { ...check.end(last !== ''), links };
}
