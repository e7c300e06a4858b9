import { spreadOver } from './spread.ts';

/** What one of the five fields may say. */
export type CronField = {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Words for the values from `low` on. */
  readonly names: readonly string[];
  /** The most that `H` chooses from: every month has 28 days. */
  readonly spreadHigh: number;
  /** Whether a range may go past the end, as from Friday to Monday. */
  readonly wraps: boolean;
};

/** Values in order, or what is wrong with a text. */
export type Values = readonly number[] | string;

/** Reads one part of a field, between commas: `*`, `5`, `1-5`, `*\/15`, `10-50/20`, `mon-fri`, `H`, `H(0-29)/10`. */
export function readPart(field: CronField, text: string, seed: string): Values {
  const match = PART.exec(text);
  if (match === null) return `${field.name}: ${JSON.stringify(text)} is not understood`;
  const [, base = '', stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step === 0) return `${field.name}: a step of 0 in ${text}`;
  if (step > field.high - field.low + 1) return `${field.name}: a step of ${step} is more than the field has`;
  const range = readRange(field, base);
  if (typeof range === 'string') return range;
  if (base.startsWith('H')) return spread(field, { ...range, step: stepText === undefined ? null : step }, seed);
  if (stepText !== undefined && range.low === range.high && !base.includes('-') && base !== '*') {
    return `${field.name}: a step needs a range: write ${base}-${field.high}/${step}`;
  }
  return valuesOf(field, range, step);
}

/** A value by number or name; null when it is neither or out of range. */
export function readValue(field: CronField, text: string): number | null {
  if (/^\d{1,2}$/.test(text)) {
    const value = Number(text);
    return value >= field.low && value <= field.high ? value : null;
  }
  const index = field.names.indexOf(text.toLowerCase());
  return index === -1 ? null : field.low + index;
}

const PART = /^(\*|H(?:\([^()]*\))?|[A-Za-z0-9]+(?:-[A-Za-z0-9]+)?)(?:\/(\d{1,2}))?$/;

type Range = { readonly low: number; readonly high: number };

function readRange(field: CronField, base: string): Range | string {
  if (base === '*') return { low: field.low, high: field.high };
  if (base === 'H') return { low: field.low, high: field.spreadHigh };
  const inner = base.startsWith('H(') ? base.slice(2, -1) : base;
  const [from = '', to = from, ...rest] = inner.split('-');
  if (rest.length > 0 || (base.startsWith('H(') && !inner.includes('-'))) {
    return `${field.name}: ${JSON.stringify(base)} is not understood`;
  }
  const [low, high] = [readValue(field, from), readValue(field, to)];
  if (low === null || high === null) {
    return `${field.name}: ${low === null ? from : to} is not one of ${allowed(field)}`;
  }
  if (high >= low) return { low, high };
  if (base.startsWith('H') || !field.wraps) return `${field.name}: ${inner} goes backwards`;
  return { low, high: high + lengthOf(field) };
}

function allowed({ low, high, names }: CronField): string {
  return names.length === 0 ? `${low}-${high}` : `${low}-${high} or ${names[0]}-${names.at(-1)}`;
}

function valuesOf(field: CronField, { low, high }: Range, step: number): readonly number[] {
  const values = new Set<number>();
  for (let value = low; value <= high; value += step) values.add(folded(field, value));
  return [...values].toSorted((one, other) => one - other);
}

/** Past the end a range begins anew. Sunday is 0 and 7, so a week is seven days though the field goes to 7. */
function folded(field: CronField, value: number): number {
  return ((value - field.low) % lengthOf(field)) + field.low;
}

function lengthOf({ low, high, name }: CronField): number {
  return name === WEEKDAY_NAME ? 7 : high - low + 1;
}

export const WEEKDAY_NAME = 'day of week';

type Spread = Range & { readonly step: number | null };

function spread(field: CronField, { low, high, step }: Spread, seed: string): readonly number[] {
  const words = ['H', field.name, seed];
  if (step === null) return [folded(field, low + spreadOver(words, high - low + 1))];
  const first = low + spreadOver(words, Math.min(step, high - low + 1));
  return valuesOf(field, { low: first, high }, step);
}
