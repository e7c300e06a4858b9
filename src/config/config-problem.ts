import { relative } from 'node:path';
import { closeMatches } from '../core/close-matches.ts';
import { ConfigError } from '../core/errors.ts';
import { brokerSchema, fleetFileSchema } from './schema.ts';

/** Where in the configuration: `['roles', 'web', 'queues', 0]`. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong with a value, before its place in the text is known. */
export type Finding = {
  readonly path: ConfigPath;
  readonly message: string;
  /** What the problem is about: the value itself, or its key (a wrong name, a value that is missing). */
  readonly at: 'key' | 'value';
};

/** Something wrong, with its place; lines and columns count from 1, columns in UTF-16 units as editors do. */
export type ConfigProblem = {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
};

/**
 * `roles/web/queues/0`. Outside the sections with free names, a step is shown that is a word or nearly a key that could
 * stand there, and no other: a slip can make a key of a password.
 */
export function formatPath(path: ConfigPath): string {
  const free = FREE_NAMES.has(String(path[0]));
  const isShown = (step: string): boolean =>
    free || /^[a-z_-]+$/i.test(step) || closeMatches(step, GUARDED_KEYS).length > 0;
  return path.map((step) => (typeof step === 'number' ? step : isShown(step) ? formatStep(step) : '…')).join('/');
}

const FREE_NAMES: ReadonlySet<string> = new Set(['hosts', 'roles', 'rollouts', 'calendars', 'schedules']);

/** As it is where it cannot be taken for anything else. */
function formatStep(step: string): string {
  if (/^[\w.-]{1,64}$/.test(step)) return step;
  return JSON.stringify(step.length > 40 ? `${step.slice(0, 40)}…` : step);
}

const SHOWN = 40;

/** What `celeroot config explain` knows. */
const SECTIONS: ReadonlySet<string> = new Set(Object.keys(fleetFileSchema.shape));

/** Keys beside which a password may stand. */
const GUARDED_KEYS: readonly string[] = [...SECTIONS, ...Object.keys(brokerSchema.shape)];

/**
 * One error for all problems of a file, one line each, sorted by place. `details` holds every one as data. The hint is
 * that of celeroot.yaml unless there is another.
 */
export function invalidConfig(file: string, problems: readonly ConfigProblem[], hint?: string): ConfigError {
  const sorted = unique([...problems].sort((a, b) => a.line - b.line || a.column - b.column));
  const lines = sorted.slice(0, SHOWN).map((problem) => formatProblem(file, problem));
  if (sorted.length > SHOWN) lines.push(`and ${sorted.length - SHOWN} more`);
  const section = sorted
    .map((problem) => problem.path.split('/')[0])
    .find((key) => key !== undefined && SECTIONS.has(key));
  return new ConfigError('CONFIG_INVALID', lines.join('\n'), {
    hint: hint ?? `what is allowed: celeroot config explain${section === undefined ? '' : ` ${section}`}`,
    details: { file, problems: sorted },
  });
}

/** `celeroot.yaml:14:12: roles/web/concurrency: expected …` */
function formatProblem(file: string, problem: ConfigProblem): string {
  const here = process.cwd();
  const inside = relative(here, file);
  // A service starts at the root, and who reads its words is elsewhere.
  const shown = here === '/' || inside.startsWith('..') ? file : inside;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${shown}:${problem.line}:${problem.column}: ${path}${problem.message}`;
}

/** Several rules can complain of one fault; the first at a place and path is the one to mend. */
function unique(sorted: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>();
  return sorted.filter((problem) => {
    const place = `${problem.line}:${problem.column}:${problem.path}:${problem.message}`;
    if (seen.has(place)) return false;
    seen.add(place);
    return true;
  });
}
