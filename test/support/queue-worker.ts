import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import type { Destination } from '../../src/core/run.ts';

export type QueueWorker = AsyncDisposable & {
  /** Resolves when the worker has taken its first job. */
  readonly taken: Promise<string>;
  /** SIGKILL. */
  readonly kill: () => Promise<void>;
};

/** A process that takes jobs of one queue and never finishes any. */
export function startQueueWorker(settings: BrokerSettings, queue: Destination): QueueWorker {
  const program = fileURLToPath(new URL('./queue-worker-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(settings), JSON.stringify(queue)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const taken = once(lines, 'line').then(([line]) => String(line));
  const kill = (): Promise<void> => end(child);
  return { taken, kill, [Symbol.asyncDispose]: kill };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}
