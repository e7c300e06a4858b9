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
  const groups = PART.exec(text)?.groups;
  if (groups === undefined) return `${field.name}: ${JSON.stringify(text)} is not understood; write ${forms(field)}`;
  const step = groups['step'] === undefined ? null : Number(groups['step']);
  const range = (step === null ? null : whyNoStep(field, step, groups)) ?? rangeOf(field, groups);
  if (typeof range === 'string') return `${field.name}: ${range}`;
  return groups['spread'] === undefined ? valuesOf(field, range, step ?? 1) : spread(field, { ...range, step }, seed);
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

const PART =
  /^(?:\*|(?<spread>H)|(?<spread>H)\((?<from>[A-Za-z0-9]+)-(?<to>[A-Za-z0-9]+)\)|(?<from>[A-Za-z0-9]+)(?:-(?<to>[A-Za-z0-9]+))?)(?:\/(?<step>\d{1,2}))?$/;

function whyNoStep(field: CronField, step: number, { spread: isSpread, from, to }: Groups): string | null {
  if (step === 0 || step > lengthOf(field)) return `expected a step of 1 to ${lengthOf(field)}, got ${step}`;
  const isOne = from !== undefined && to === undefined && isSpread === undefined;
  return isOne ? `a step needs a range: write ${from}-${field.high}/${step}` : null;
}

type Groups = Readonly<Record<string, string | undefined>>;
type Range = { readonly low: number; readonly high: number };

/** The range, or why there is none. */
function rangeOf(field: CronField, { spread: isSpread, from, to = from }: Groups): Range | string {
  const isWhole = from === undefined || to === undefined;
  if (isWhole) return { low: field.low, high: isSpread === undefined ? field.high : field.spreadHigh };
  const [low, high] = [readValue(field, from), readValue(field, to)];
  if (low === null || high === null) return `${low === null ? from : to} is not one of ${allowed(field)}`;
  if (high >= low) return { low, high };
  if (isSpread === undefined && field.wraps) return { low, high: high + lengthOf(field) };
  return `${from}-${to} goes backwards: write ${to}-${from}`;
}

/** What a part may look like. */
function forms({ name, low, high }: CronField): string {
  const more = name === WEEKDAY_NAME ? ', the second or the last Friday of a month as fri#2 (1 to 5) or friL' : '';
  const last = name === MONTH_DAY_NAME ? ', L for the last day' : '';
  return `*, one of ${low}-${high}, a range such as ${low + 1}-${low + 3}, a step such as */2${more}${last}, or several with commas`;
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

export const MONTH_DAY_NAME = 'day of month';
export const WEEKDAY_NAME = 'day of week';

type Spread = Range & { readonly step: number | null };

function spread(field: CronField, { low, high, step }: Spread, seed: string): readonly number[] {
  const words = ['H', field.name, seed];
  if (step === null) return [folded(field, low + spreadOver(words, high - low + 1))];
  const first = low + spreadOver(words, Math.min(step, high - low + 1));
  return valuesOf(field, { low: first, high }, step);
}
