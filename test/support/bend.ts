import { jsonSchema, type Json } from '../../src/core/json.ts';
import { parseJsonAs } from '../../src/core/parse-json-as.ts';

/** Chance that can be had again by its seed. */
export type Dice = { readonly below: (bound: number) => number; readonly pick: <T>(from: readonly T[]) => T };

/** The same numbers for the same seed (mulberry32). */
export function makeDice(seed: number): Dice {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  const pick = <T>(from: readonly T[]): T => {
    const found = from[below(from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  };
  return { below, pick };
}

/** The same JSON with one of its values changed to another of its kind, so that it may well fit its schema still. */
export function bend(text: string, dice: Dice): string {
  const value = parseJsonAs(jsonSchema, text);
  if (value === null) return scramble(text, dice);
  let left = dice.below(countLeaves(value));
  const walk = (part: Json): Json => {
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part === 'object' && part !== null) {
      return Object.fromEntries(Object.entries(part).map(([name, each]) => [name, walk(each)]));
    }
    left -= 1;
    return left === -1 ? bendLeaf(part, dice) : part;
  };
  return JSON.stringify(walk(value));
}

/** Text that is damaged somewhere. */
export function scramble(text: string, dice: Dice): string {
  const [from = 0, to = 0] = [dice.below(text.length + 1), dice.below(text.length + 1)].toSorted((a, b) => a - b);
  const flipped = String.fromCharCode(text.charCodeAt(from) ^ (1 << dice.below(7)));
  return dice.pick([
    text.slice(0, from),
    text.slice(0, from) + flipped + text.slice(from + 1),
    text.slice(0, from) + text.slice(to),
    text + text,
  ]);
}

function countLeaves(value: Json): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, each: Json) => sum + countLeaves(each), 0);
}

const OTHERS: Readonly<Record<string, string>> = {
  web1: 'web2',
  web2: 'away',
  unchanged: 'changed',
  cancelled: 'accepted',
  'system.ping': 'apt.upgrade',
  UNSIGNED: 'EXPIRED',
};

function bendLeaf(value: Json, dice: Dice): Json {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return Math.max(0, value + dice.pick([-1, 1, -5000, 5000, -3_600_000]));
  if (typeof value !== 'string') return dice.pick([null, 1, 'x']);
  const swapped = OTHERS[value] ?? value.replace(/web1|web2/, (name) => OTHERS[name] ?? name);
  return swapped === value ? `${value}x` : swapped;
}
