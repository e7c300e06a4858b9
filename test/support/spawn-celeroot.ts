import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { waitUntil } from './redis.ts';
import { CELEROOT } from './worker.ts';

/** A command line in a process of its own, which can be killed. */
export type SpawnedCeleroot = {
  /** SIGKILL, or another; resolves when it is gone. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** Waits for a line on standard error. */
  readonly complains: (pattern: RegExp) => Promise<void>;
  readonly exit: Promise<{ readonly code: number | NodeJS.Signals; readonly stdout: string; readonly stderr: string }>;
};

export function spawnCeleroot(cwd: string, ...args: readonly string[]): SpawnedCeleroot {
  const [program, ...before] = CELEROOT;
  const child = spawn(program, [...before, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const stdout = text(child.stdout);
  const gone = once(child, 'close');
  return {
    kill: async (signal = 'SIGKILL') => {
      child.kill(signal);
      await gone;
    },
    complains: async (pattern) => await waitUntil(() => pattern.test(stderr), `a line like ${pattern}`, 60_000),
    exit: gone.then(async ([code, signal]) => ({ code: code ?? signal, stdout: await stdout, stderr })),
  };
}
