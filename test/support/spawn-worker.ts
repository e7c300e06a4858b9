import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { WorkerConfig } from '../../src/config/fleet-config.ts';
import type { Argv } from '../../src/core/step.ts';
import { waitUntil } from './redis.ts';
import { CELEROOT } from './worker.ts';

/** A worker in a process of its own. */
export type SpawnedWorker = AsyncDisposable & {
  readonly pid: number;
  readonly lines: readonly string[];
  /** Waits for a line of its log. */
  readonly says: (pattern: RegExp) => Promise<string>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Exit code, or the signal that ended it, and what it wrote to standard error. */
  readonly exit: Promise<{ readonly code: number | NodeJS.Signals; readonly stderr: string }>;
};

export const argvSchema = z.tuple([z.string()], z.string());

/** Starts `celeroot worker FILE`, or a worker whose executors are started with `self`. */
export function spawnWorker(file: string, stateDir: string, self: Argv | null = null): SpawnedWorker {
  const main = join(import.meta.dirname, 'spawn-worker-main.ts');
  const [program, ...args] =
    self === null ? [...CELEROOT, 'worker', file] : [process.execPath, main, file, stateDir, JSON.stringify(self)];
  const child = spawn(program ?? '', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CELEROOT_STATE_DIR: stateDir },
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const stderr = text(child.stderr);
  const exit = once(child, 'close').then(async ([code, signal]) => ({ code: code ?? signal, stderr: await stderr }));
  return {
    pid: child.pid ?? 0,
    lines,
    says: async (pattern) => {
      const line = (): string | undefined => lines.find((candidate) => pattern.test(candidate));
      await waitUntil(() => line() !== undefined, `a line like ${pattern} in ${JSON.stringify(lines)}`);
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

/** Writes the worker file of a host, for a broker that is reached by TCP. Returns its path. */
export async function writeWorkerFile(folder: string, config: WorkerConfig): Promise<string> {
  const { fleet, host, roots, broker, roles } = config;
  const { endpoint, environment } = broker;
  const url = endpoint.kind === 'tcp' ? `redis://${endpoint.node.host}:${endpoint.node.port}` : '';
  const rolesByName = Object.fromEntries(
    roles.map(({ name, queues, concurrency, tasks }) => [name, { queues, concurrency, tasks }]),
  );
  const file = join(folder, 'worker.yaml');
  // JSON is YAML.
  const content = { version: 1, fleet, host, roots, broker: { url, environment }, roles: rolesByName };
  await writeFile(file, JSON.stringify(content));
  return file;
}
