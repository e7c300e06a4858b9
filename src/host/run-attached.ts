import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CommandError } from '../core/errors.ts';
import type { Argv } from '../core/step.ts';
import { startFailure } from './run-command.ts';

/**
 * Runs a program on our own terminal: it reads our input and prints where we print, or all to our stderr where stdout
 * is for a result. For what a person is meant to see or to answer, never for jobs.
 * @throws CommandError when it cannot be started or fails.
 */
export async function runAttached(
  argv: Argv,
  env: Readonly<Record<string, string | undefined>>,
  printsTo: 'stdout' | 'stderr' = 'stdout',
): Promise<void> {
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: ['inherit', printsTo === 'stdout' ? 1 : 2, 2], env });
  const started = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => reject(startFailure(argv, error)));
  });
  const [status, signal] = await Promise.race([once(child, 'exit'), started]);
  if (status !== 0) {
    throw new CommandError('COMMAND_FAILED', `${argv.join(' ')} ended with ${signal ?? `status ${String(status)}`}`);
  }
}
