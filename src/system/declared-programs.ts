import * as z from 'zod';
import { run, type CommandOutput, type Work } from '../core/step.ts';

/** Where the owner of a host puts what he decides about celeroot there. */
const HOME = '/etc/celeroot';

/** The folders in which he declares programs that may be asked for by name. */
export type ProgramFolder = `${typeof HOME}/${'checks.d' | 'hooks.d'}`;

/** Strict, since it becomes part of a path. */
export const programNameSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/, {
  error:
    'expected 1 to 63 lower-case letters, digits, hyphens or underscores, starting and ending with a letter or digit',
});

/** `objection` is why it is not run; null when it may be. */
export type DeclaredProgram = { readonly path: string; readonly objection: string | null };

const LOOK_MS = 30_000;

/**
 * Looks at programs of a host by their names. Only those of root that nobody else may change are run, and without
 * arguments: whoever asks chooses among them and can add nothing.
 */
export function* findPrograms(
  folder: ProgramFolder,
  names: readonly string[],
): Work<(name: string) => DeclaredProgram> {
  const folders = [HOME, folder];
  const pathOf = (name: string): string => `${folder}/${name}`;
  const { stdout } = yield* run(['stat', '--format=%u %f %n', '--', ...folders, ...names.map(pathOf)], LOOK_MS);
  const found = parseStat(stdout);
  const unsafe = folders
    .map((path) => objectionTo(path, FOLDER, found.get(path)))
    .find((objection) => objection !== null);
  return (name) => {
    const path = pathOf(name);
    const entry = found.get(path);
    if (entry === undefined) return { path, objection: `this host has no ${path}` };
    return { path, objection: unsafe ?? objectionTo(path, REGULAR, entry) };
  };
}

type Entry = { readonly owner: number; readonly mode: number };

/** By path; a symbolic link stands for itself. */
function parseStat(text: string): ReadonlyMap<string, Entry> {
  const entries = [...text.matchAll(/^(\d+) ([0-9a-f]+) (\/.*)$/gm)];
  return new Map(
    entries.map(([, owner = '', mode = '', path = '']) => [path, { owner: Number(owner), mode: parseInt(mode, 16) }]),
  );
}

const TYPE_BITS = 0o170_000;
const FOLDER = 0o040_000;
const REGULAR = 0o100_000;
const WRITABLE_BY_OTHERS = 0o022;
const EXECUTABLE = 0o100;

function objectionTo(path: string, type: typeof FOLDER | typeof REGULAR, entry: Entry | undefined): string | null {
  if (entry === undefined) return `there is no ${path}`;
  const { owner, mode } = entry;
  if ((mode & TYPE_BITS) !== type) return `${path} is no ${type === FOLDER ? 'folder' : 'regular file'}`;
  if (owner !== 0) return `${path} does not belong to root`;
  if ((mode & WRITABLE_BY_OTHERS) !== 0) return `others than root may write to ${path}`;
  return type === FOLDER || (mode & EXECUTABLE) !== 0 ? null : `${path} is not executable`;
}

/** The last line that it said, wherever; empty when it said none. */
export function lastLine({ stdout, stderr }: CommandOutput): string {
  return [stdout, stderr].flatMap((text) => text.trim().split('\n').at(-1) ?? []).findLast((line) => line !== '') ?? '';
}

/** How one that has not ended with 0 has, with what it said. */
export function describeEnd(output: CommandOutput): string {
  const said = lastLine(output);
  const end = output.exitCode === null ? `ended by ${output.signal}` : `ended with ${output.exitCode}`;
  return said === '' ? end : `${end}: ${said}`;
}
