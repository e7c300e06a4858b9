import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { CommandError, messageOf } from '../core/errors.ts';
import type { Argv, CommandOutput } from '../core/step.ts';
import { hasCode } from '../core/system-error.ts';
import { programEnvironment } from './program-environment.ts';

export type CommandOptions = {
  /** After that the program and its children are killed. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Added to the fixed environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of the fixed one; for tests. */
  readonly searchPath?: string | undefined;
  /** Limit for stdout and stderr each. */
  readonly maxOutputBytes?: number;
};

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const KILL_GRACE_MS = 1000;
const DRAIN_GRACE_MS = 300;

/**
 * Runs a program to read what it prints: no shell, a fixed PATH and environment, nothing on stdin. A program that
 * fails is a value; only one that cannot be started, takes too long or prints too much is a CommandError.
 * @throws the signal's reason when it is aborted.
 */
export async function runCommand(argv: Argv, options: CommandOptions = {}): Promise<CommandOutput> {
  options.signal?.throwIfAborted();
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    cwd: '/',
    env: programEnvironment(options.env, options.searchPath),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A session of its own: a Ctrl-C meant for us does not reach it, and a kill reaches its children too.
    detached: true,
  });
  // From the start: when all output has been read, the streams close in the same turn as the program exits.
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = new AbortController();
  const limit = options.maxOutputBytes ?? MAX_OUTPUT_BYTES;
  const tooMuch = (): void => stop.abort(failure(argv, `printed more than ${limit} bytes`));
  const stdout = collect(child.stdout, limit, tooMuch);
  const stderr = collect(child.stderr, limit, tooMuch);
  const timeoutMs = options.timeoutMs ?? 120_000;
  const timer = setTimeout(() => stop.abort(failure(argv, `did not end within ${timeoutMs} ms`)), timeoutMs);
  const onAbort = (): void => stop.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const killed = killWhenAborted(child, stop.signal);
  try {
    const end = await exitOf(child, argv);
    await drained(child, closed);
    stop.signal.throwIfAborted();
    return { ...end, stdout: stdout(), stderr: stderr() };
  } finally {
    killed();
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Gathers a stream; the returned function gives the text so far. */
function collect(stream: Readable, limit: number, onLimit: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) onLimit();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** SIGTERM to the program's group, SIGKILL after a grace. Returns what calls the second one off. */
function killWhenAborted(child: ChildProcess, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener(
    'abort',
    () => {
      killGroup(child, 'SIGTERM');
      timer = setTimeout(() => killGroup(child, 'SIGKILL'), KILL_GRACE_MS);
    },
    { once: true },
  );
  return () => clearTimeout(timer);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

async function exitOf(
  child: ChildProcess,
  argv: Argv,
): Promise<{ readonly exitCode: number | null; readonly signal: string | null }> {
  return await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(startFailure(argv, error)));
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

/** Waits until all output is read, but not for a daemon that keeps the pipe open. */
async function drained(child: ChildProcess, closed: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    resolve();
  }, DRAIN_GRACE_MS);
  await Promise.race([closed, late]);
  clearTimeout(timer);
}

/** The error for a program that could not be started at all. */
export function startFailure(argv: Argv, error: unknown): CommandError {
  if (hasCode(error, 'ENOENT')) {
    return new CommandError('MISSING_PROGRAM', `the program ${argv[0]} is not installed`, {
      hint: `find its package with: apt-file search bin/${argv[0]}`,
      cause: error,
    });
  }
  return failure(argv, `could not be started: ${messageOf(error)}`);
}

function failure(argv: Argv, what: string): CommandError {
  return new CommandError('COMMAND_FAILED', `${argv[0]} ${what}`, { details: { argv } });
}
