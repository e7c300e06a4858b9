import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import type { Argv } from '../core/step.ts';
import { programEnvironment } from './program-environment.ts';
import { startFailure } from './run-command.ts';

export type FileRun = {
  /** Where stdout and stderr are appended, in the order they are written. */
  readonly outputFile: string;
  /** Where what the program writes to file descriptor 3 is appended. */
  readonly statusFile: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of the fixed one; for tests. */
  readonly searchPath?: string | undefined;
  /** Sends the program SIGTERM, once, when aborted; the run still lasts until it has ended. */
  readonly terminate?: AbortSignal;
};

export type ProgramEnd = { readonly exitCode: number | null; readonly signal: string | null };

/**
 * Runs a program that changes the host. It writes into files and leads a session of its own, so nothing that happens
 * to us or to who reads its output reaches it; a killed pipe would end dpkg in the middle. Lasts until the program
 * itself has ended, not until a daemon it left behind has.
 */
export async function runToFiles(argv: Argv, run: FileRun): Promise<ProgramEnd> {
  await using output = await open(run.outputFile, 'a', 0o600);
  await using status = await open(run.statusFile, 'a', 0o600);
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    cwd: '/',
    env: programEnvironment(run.env, run.searchPath),
    stdio: ['ignore', output.fd, output.fd, status.fd],
    detached: true,
  });
  const terminate = (): void => void child.kill('SIGTERM');
  run.terminate?.addEventListener('abort', terminate, { once: true });
  try {
    return await endOf(child, argv);
  } finally {
    run.terminate?.removeEventListener('abort', terminate);
  }
}

async function endOf(child: ChildProcess, argv: Argv): Promise<ProgramEnd> {
  return await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(startFailure(argv, error)));
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}
