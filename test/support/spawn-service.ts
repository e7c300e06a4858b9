import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { waitUntil } from './redis.ts';

/** A service in a process of its own. */
export type SpawnedService = AsyncDisposable & {
  readonly pid: number;
  readonly lines: readonly string[];
  /** Waits for a line of its log. */
  readonly says: (pattern: RegExp, boundMs?: number) => Promise<string>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Exit code, or the signal that ended it, and what it wrote to standard error. */
  readonly exit: Promise<{ readonly code: number | NodeJS.Signals; readonly stderr: string }>;
};

/** Starts a service; disposing kills it. */
export function spawnService(
  [program, ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): SpawnedService {
  const child = spawn(program ?? '', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const stderr = text(child.stderr);
  const exit = once(child, 'close').then(async ([code, signal]) => ({ code: code ?? signal, stderr: await stderr }));
  return {
    pid: child.pid ?? 0,
    lines,
    says: async (pattern, boundMs = 30_000) => {
      const line = (): string | undefined => lines.find((candidate) => pattern.test(candidate));
      await waitUntil(() => line() !== undefined, `a line like ${pattern} in ${JSON.stringify(lines)}`, boundMs);
      return line() ?? '';
    },
    signal: (signal) => void child.kill(signal),
    exit,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
