import { spawnSync } from 'node:child_process';
import { CommandError } from '../src/core/errors.ts';
import type { Argv } from '../src/core/step.ts';

export type Command = { readonly argv: Argv; readonly env?: Readonly<Record<string, string>> };

export type Run = {
  /** Milliseconds since 1970, just before the process was made. */
  readonly startedAt: number;
  /** From then until it was seen to have ended. */
  readonly ms: number;
  readonly stdout: string;
};

/** What a program gets of our own environment: `npm run` adds much that changes how Node starts. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
};

const LONGEST_MS = 120_000;

/** Runs a program that must succeed, and holds this process still meanwhile, so that only the program is timed. */
export function timed({ argv, env }: Command): Run {
  const [program, ...args] = argv;
  const startedAt = Date.now();
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env: { ...ENVIRONMENT, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    timeout: LONGEST_MS,
  });
  const ms = performance.now() - start;
  if (status === 0) return { startedAt, ms, stdout };
  const why = error?.message ?? `ended with ${status}`;
  throw new CommandError('COMMAND_FAILED', `${argv.join(' ').slice(0, 200)} ${why}: ${stderr.trim().slice(-1000)}`);
}

/**
 * Takes samples of several things in turn, so that what else the machine does meets all of them alike. The first round
 * fills caches and is left out.
 */
export async function takeTurns<Name extends string>(
  rounds: number,
  things: Readonly<Record<Name, () => number | Promise<number>>>,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(things) as Name[]; // The keys of a record are its names.
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const sample = await things[name]();
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}
