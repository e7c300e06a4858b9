import * as z from 'zod';
import type { Probe } from '../core/host-check.ts';
import { run, type CommandOutput, type Work } from '../core/step.ts';
import { tryRun } from './try-run.ts';

/** Where the owner of a host declares the commands that may be asked for by name. */
const FOLDERS = ['/etc/celeroot', '/etc/celeroot/checks.d'] as const;

/** Strict, since it becomes part of a path. */
export const checkNameSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/, {
  error:
    'expected 1 to 63 lower-case letters, digits, hyphens or underscores, starting and ending with a letter or digit',
});

const LIMIT_MS = 30_000;

/**
 * Runs the checks a host has declared: programs of root that nobody else may change, without arguments. Whoever asks
 * chooses among them and can add nothing.
 */
export function* runDeclaredChecks(names: readonly string[]): Work<readonly Probe[]> {
  if (names.length === 0) return [];
  const paths = names.map(pathOf);
  const { stdout } = yield* run(['stat', '--format=%u %f %n', '--', ...FOLDERS, ...paths], LIMIT_MS);
  const found = parseStat(stdout);
  const unsafe = FOLDERS.map((folder) => objectionTo(folder, found)).find((objection) => objection !== null);
  const probes: Probe[] = [];
  for (const name of names) {
    const objection = found.has(pathOf(name)) ? (unsafe ?? objectionTo(pathOf(name), found)) : undeclared(name);
    probes.push(objection === null || objection === undefined ? yield* runCheck(name) : failed(name, objection));
  }
  return probes;
}

function pathOf(name: string): string {
  return `${FOLDERS[1]}/${name}`;
}

function undeclared(name: string): string {
  return `this host has no ${pathOf(name)}`;
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

/** Why what is there is not run; null when it may be. */
function objectionTo(path: string, found: ReadonlyMap<string, Entry>): string | null {
  const entry = found.get(path);
  if (entry === undefined) return `there is no ${path}`;
  const isFolder = FOLDERS.some((folder) => folder === path);
  if ((entry.mode & TYPE_BITS) !== (isFolder ? FOLDER : REGULAR)) {
    return `${path} is no ${isFolder ? 'folder' : 'regular file'}`;
  }
  if (entry.owner !== 0) return `${path} does not belong to root`;
  if ((entry.mode & WRITABLE_BY_OTHERS) !== 0) return `others than root may write to ${path}`;
  return isFolder || (entry.mode & EXECUTABLE) !== 0 ? null : `${path} is not executable`;
}

function* runCheck(name: string): Work<Probe> {
  const output = yield* tryRun([pathOf(name)], LIMIT_MS);
  if (typeof output === 'string') return failed(name, output);
  const said = lastLine(output);
  if (output.exitCode === 0) return { kind: 'check', name, ok: true, detail: cut(said) };
  const end = output.exitCode === null ? `ended by ${output.signal}` : `ended with ${output.exitCode}`;
  return failed(name, said === '' ? end : `${end}: ${said}`);
}

function failed(name: string, detail: string): Probe {
  return { kind: 'check', name, ok: false, detail: cut(detail) };
}

function cut(text: string): string {
  return text.slice(0, 500);
}

function lastLine({ stdout, stderr }: CommandOutput): string {
  return [stdout, stderr].flatMap((text) => text.trim().split('\n').at(-1) ?? []).findLast((line) => line !== '') ?? '';
}
