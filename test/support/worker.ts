import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/core/clock.ts';
import type { Argv } from '../../src/core/step.ts';
import type { WorkerConfig } from '../../src/config/fleet-config.ts';
import { runWorker } from '../../src/worker/run-worker.ts';
import { createStop } from '../../src/worker/shutdown.ts';
import { waitUntil } from './redis.ts';

/** A worker in this process. Disposing stops it and fails as it failed. */
export type TestWorker = AsyncDisposable & {
  readonly lines: readonly string[];
  /** Waits for a line of its log. */
  readonly says: (pattern: RegExp) => Promise<string>;
  /** As the first and the second signal of a process. */
  readonly requestStop: () => void;
  /** Settles as the worker does. */
  readonly ended: Promise<void>;
};

export type TestWorkerOptions = {
  readonly config: WorkerConfig;
  readonly stateDir: string;
  readonly clock?: Clock;
  readonly self?: Argv;
  readonly ownerPolicy?: string;
};

export const CELEROOT: Argv = [process.execPath, join(import.meta.dirname, '../../bin/celeroot.ts')];

/** Starts a worker and waits until it takes jobs. */
export async function startWorker(options: TestWorkerOptions): Promise<TestWorker> {
  const worker = beginWorker(options);
  await Promise.race([worker.says(/^ready/), worker.ended]);
  return worker;
}

/** Starts a worker. */
export function beginWorker({ clock = Date, self = CELEROOT, ...rest }: TestWorkerOptions): TestWorker {
  const lines: string[] = [];
  const stop = createStop();
  const ended = runWorker({ ...rest, self, clock, log: (line) => void lines.push(line) }, stop.signals);
  ended.catch(() => undefined);
  return {
    lines,
    requestStop: stop.request,
    ended,
    says: async (pattern) => {
      await waitUntil(
        () => lines.some((line) => pattern.test(line)),
        `a line like ${pattern} in:\n${lines.join('\n')}`,
      );
      return lines.find((line) => pattern.test(line)) ?? '';
    },
    [Symbol.asyncDispose]: async () => {
      stop.request();
      await ended;
    },
  };
}

/** A folder for a worker's state, removed when disposed. */
export async function newStateDir(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'celeroot-state-'));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}
