import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CommandError } from '../core/errors.ts';
import type { Argv } from '../core/step.ts';
import { startFailure } from './run-command.ts';

/**
 * Runs a program on our own terminal: it reads our input and prints to our stderr, since stdout is for a result. For
 * what a person is meant to see or to answer, never for jobs. It is told to end when `signal` is aborted.
 * @throws CommandError when it cannot be started or fails.
 */
export async function runAttached(
  argv: Argv,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<void> {
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: ['inherit', 2, 2], env });
  const stop = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  const started = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => reject(startFailure(argv, error)));
  });
  try {
    const [status, killer] = await Promise.race([once(child, 'exit'), started]);
    if (status !== 0) {
      throw new CommandError('COMMAND_FAILED', `${argv.join(' ')} ended with ${killer ?? `status ${String(status)}`}`);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
