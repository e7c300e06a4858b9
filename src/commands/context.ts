import { isSea } from 'node:sea';
import { isatty } from 'node:tty';
import { styleText } from 'node:util';
import { stateDirIn } from '../config/state-dir.ts';
import type { Clock } from '../core/clock.ts';
import { CommandError, messageOf, UsageError } from '../core/errors.ts';
import { hasCode } from '../core/system-error.ts';
import { operatorName } from '../host/operator-name.ts';
import type { Output } from '../terminal/output.ts';
import type { AskOptions } from './ask-on-terminal.ts';

type Signal = 'SIGINT' | 'SIGQUIT' | 'SIGTERM' | 'SIGHUP';

/** Everything a command touches, so that a test can run the whole command line in its own process. */
export type CliContext = {
  readonly stdout: Output;
  readonly stderr: Output;
  /**
   * Aborted when nothing can be written to standard output any more: because its reader has gone (`celeroot … | head`),
   * or, with a CommandError as its reason, because writing failed.
   */
  readonly stdoutClosed: AbortSignal;
  /** Bytes, such as those of an archive, to standard output. */
  readonly writeBytes: (piece: Uint8Array) => void;
  /** All of standard input. @throws UsageError when it is more than that. */
  readonly readStdin: (maxBytes: number) => Promise<string>;
  /** Asks a yes-or-no question; null when there is no terminal to ask on. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
  /** Asks for something to be typed, empty when nothing was; null when there is no terminal to ask on. */
  readonly ask: ((question: string, options?: AskOptions) => Promise<string>) | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
  /** `user@machine` of whoever types. */
  readonly by: string;
  /** Program and first arguments that start this celeroot again. */
  readonly self: readonly [string, ...string[]];
  /** Where this machine's worker keeps its jobs. */
  readonly stateDir: string;
  /** Handles a signal instead of dying of it, until disposed. */
  readonly onSignal: (signal: Signal, listener: () => void) => Disposable;
};

/** What a command is given: the context, and how to end with a code other than 0 that is no error. */
export type Cli = CliContext & { readonly exitWith: (code: number) => void };

/** Standard error of a real process; what goes wrong with it there is nowhere to say. */
export function processStderr(): Output {
  return streamOutput(process.stderr, () => undefined);
}

/**
 * The context of a real process; made once, in bin/. What few commands need is loaded when they ask for it.
 * @throws UsageError when the current folder is gone.
 */
export function processContext(stderr: Output): CliContext {
  const closed = new AbortController();
  const { env } = process;
  const cwd = currentFolder();
  const hasTerminal = isatty(0) && isatty(2);
  return {
    stdout: streamOutput(process.stdout, (error) =>
      closed.abort(hasCode(error, 'EPIPE') ? undefined : outputFailed(error)),
    ),
    stderr,
    stdoutClosed: closed.signal,
    writeBytes: (piece) => {
      if (!closed.signal.aborted) process.stdout.write(piece);
    },
    readStdin: readInput,
    confirm: hasTerminal ? confirm : null,
    ask: hasTerminal ? ask : null,
    env,
    cwd,
    clock: { now: () => Date.now() },
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    by: operatorName(),
    self: isSea() ? [process.execPath] : [process.execPath, process.argv[1] ?? ''],
    stateDir: stateDirIn(env, cwd),
    onSignal: (signal, listener) => {
      process.on(signal, listener);
      return { [Symbol.dispose]: () => process.off(signal, listener) };
    },
  };
}

async function readInput(maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin) {
    const bytes = Buffer.from(piece);
    size += bytes.length;
    if (size > maxBytes) {
      throw new UsageError('USAGE', `more than ${maxBytes} bytes came on standard input`, {
        hint: 'look what is sent there: the command expects far less',
      });
    }
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new UsageError('USAGE', 'the current folder was deleted', { hint: 'go to another one:  cd /', cause: error });
  }
}

function outputFailed(error: unknown): CommandError {
  return new CommandError('OUTPUT_FAILED', `cannot write to standard output: ${messageOf(error)}`, {
    hint: 'what was printed is incomplete; free some space there, or send it elsewhere',
    cause: error,
  });
}

/** Once a write has failed the others are dropped: the command ends in good order instead of dying of it. */
function streamOutput(stream: NodeJS.WriteStream, onFailed: (error: unknown) => void): Output {
  let gone = false;
  stream.on('error', (error) => {
    gone = true;
    onFailed(error);
  });
  return {
    write: (piece) => {
      if (!gone) stream.write(piece);
    },
    isTTY: stream.isTTY,
    colour: styleText('red', '.', { stream }) !== '.',
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    onResize: (listener) => {
      stream.on('resize', listener);
      return { [Symbol.dispose]: () => stream.off('resize', listener) };
    },
  };
}

async function ask(question: string, options?: AskOptions): Promise<string> {
  const { askOnTerminal } = await import('./ask-on-terminal.ts');
  return await askOnTerminal(question, options);
}

/** Anything but a yes is a no; also no answer at all. */
async function confirm(question: string): Promise<boolean> {
  return /^y(?:es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}
