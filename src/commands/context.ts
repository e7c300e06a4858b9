import { once } from 'node:events';
import { hostname, userInfo } from 'node:os';
import { isSea } from 'node:sea';
import { isatty } from 'node:tty';
import { styleText } from 'node:util';
import { stateDirIn } from '../config/state-dir.ts';
import type { Clock } from '../core/clock.ts';
import type { Output } from '../terminal/output.ts';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Everything a command touches, so that a test can run the whole command line in its own process. */
export type CliContext = {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted when nobody reads standard output any more (`celeroot … | head`). */
  readonly stdoutClosed: AbortSignal;
  /** All of standard input. */
  readonly readStdin: () => Promise<string>;
  /** Asks a yes-or-no question; null when there is no terminal to ask on. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
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

/** The context of a real process; made once, in bin/. What few commands need is loaded when they ask for it. */
export function processContext(): CliContext {
  const closed = new AbortController();
  const { env } = process;
  return {
    stdout: streamOutput(process.stdout, () => closed.abort()),
    stderr: streamOutput(process.stderr, () => undefined),
    stdoutClosed: closed.signal,
    readStdin: async () => (await import('node:stream/consumers')).text(process.stdin),
    confirm: isatty(0) && isatty(2) ? askOnTerminal : null,
    env,
    cwd: process.cwd(),
    clock: { now: () => Date.now() },
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    by: `${userName()}@${hostname()}`,
    self: isSea() ? [process.execPath] : [process.execPath, process.argv[1] ?? ''],
    stateDir: stateDirIn(env, process.cwd()),
    onSignal: (signal, listener) => {
      process.on(signal, listener);
      return { [Symbol.dispose]: () => process.off(signal, listener) };
    },
  };
}

/** Once a reader has gone (EPIPE) writes are dropped: the command ends in good order instead of dying of it. */
function streamOutput(stream: NodeJS.WriteStream, onClosed: () => void): Output {
  let gone = false;
  stream.on('error', () => {
    gone = true;
    onClosed();
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

/** Anything but a yes is a no; also Ctrl-C and Ctrl-D, which close the prompt without an answer. */
async function askOnTerminal(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const closed = once(prompt, 'close').then(() => '');
  prompt.once('SIGINT', () => {
    process.stderr.write('\n');
    prompt.close();
  });
  const asked = prompt.question(`${question} [y/N] `).catch(() => '');
  const answer = await Promise.race([asked, closed]);
  prompt.close();
  return /^y(?:es)?$/i.test(answer.trim());
}

/** The operator's own name also under sudo; a uid without a passwd entry has none. */
function userName(): string {
  const sudoUser = process.env['SUDO_USER'];
  if (sudoUser !== undefined && sudoUser !== '') return sudoUser;
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
