import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { CommandError } from '../src/core/errors.ts';

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/** Runs a program to its end and returns its standard output. Throws with the last lines of its error output. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await attempt(argv, options);
  if (ran.code !== 0) {
    const tail = `${ran.stdout}${ran.stderr}`.trim().split('\n').slice(-8).join('\n');
    throw new CommandError('COMMAND_FAILED', `${argv.join(' ')} ended with ${ran.code}: ${tail}`);
  }
  return ran.stdout;
}

/** Runs a program to its end, whatever that end is; a signal counts as 128 and its number would, as 255. */
export async function attempt(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env });
  const ended = Promise.withResolvers<number>();
  child.once('error', (cause) => {
    ended.reject(new CommandError('MISSING_PROGRAM', `cannot start ${program}`, { cause }));
  });
  child.once('close', (code) => ended.resolve(code ?? 255));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise]);
  return { code, stdout, stderr };
}

/** Runs a program on this terminal and returns its exit code. */
export async function runHere(argv: readonly string[]): Promise<number> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: 'inherit' });
  const ended = Promise.withResolvers<number>();
  child.once('error', ended.reject);
  child.once('close', (code) => ended.resolve(code ?? 255));
  return await ended.promise;
}
