import { spawn } from 'node:child_process';
import { CommandError } from '../core/errors.ts';
import type { Argv } from '../core/step.ts';
import { programEnvironment } from './program-environment.ts';
import { startFailure } from './run-command.ts';

export type Pump = {
  readonly onOutput: (piece: Uint8Array) => void;
  /** Nobody wants more: the program is ended, and that is no failure. */
  readonly signal: AbortSignal;
};

/**
 * Runs a program and hands on what it prints, however much that is. Where it printed into our standard output itself,
 * it would complain in its own words of a reader who has gone.
 * @throws CommandError when it cannot be started or fails.
 */
export async function pumpCommand(argv: Argv, { onOutput, signal }: Pump): Promise<void> {
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: programEnvironment() });
  const stop = (): void => {
    child.kill('SIGTERM');
    child.stdout.destroy();
  };
  let complaint = '';
  child.stdout.on('data', onOutput);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(startFailure(argv, error)));
      child.once('close', resolve);
    });
    if (status === 0 || signal.aborted) return;
    const why = complaint.trim().split('\n').at(-1) || `it ended with status ${status}`;
    throw new CommandError('COMMAND_FAILED', `${program} failed: ${why}`, { details: { argv } });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
