import type * as z from 'zod';
import { didYouMean } from '../core/close-matches.ts';
import type { ConfigPath, Finding } from './config-problem.ts';

/** What a schema's own wording does not cover; given to every parse. */
export function expectation(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return MISSING;
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the other codes have their words in the schema
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map(String).join(' or ')}`;
    case 'too_small':
      return `expected at least ${bound(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `expected at most ${bound(issue.maximum, issue.origin)}`;
    default:
      return 'is not allowed here';
  }
}

/** One finding for a schema's complaint, or one for each unknown key it names. `keys` are the known ones there. */
export function findingsOf(issue: z.core.$ZodIssue, keys: (path: ConfigPath) => readonly string[]): Finding[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], at: 'key', message: unknownKey(key, keys(path)) }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => ({ path, at: 'key', message: inner.message }));
  }
  const shown = issue.message === MISSING ? '' : got(issue.input, path);
  return [{ path, at: 'value', message: issue.message + shown }];
}

const MISSING = 'is missing';

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function bound(limit: number | bigint, origin: string): string {
  const unit = { string: ' character', array: ' entry' }[origin];
  if (unit === undefined) return String(limit);
  const plural = origin === 'array' ? ' entries' : `${unit}s`;
  return `${limit}${limit === 1 ? unit : plural}`;
}

function unknownKey(key: string, known: readonly string[]): string {
  return `is not known here; ${didYouMean(key, known, `known are ${known.join(', ')}`)}`;
}

/**
 * The value as far as it may be shown: nothing written under `broker`, where passwords are, and nothing that looks
 * like an address with a user in it.
 */
function got(value: unknown, path: ConfigPath): string {
  if (value === null || value === undefined) return ', got nothing';
  if (Array.isArray(value)) return value.length === 0 ? ', got an empty list' : ', got a list';
  if (typeof value === 'object') return ', got a mapping';
  if (path[0] === 'broker') return '';
  if (typeof value !== 'string') return `, got ${JSON.stringify(value)}`;
  if (/\/\/[^/]*@/.test(value)) return '';
  const clipped = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return `, got ${JSON.stringify(clipped)}`;
}
