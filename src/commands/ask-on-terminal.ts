import { Writable } from 'node:stream';

export type AskOptions = {
  /** Ends the asking. */
  readonly signal?: AbortSignal;
  /** The last line of an answer of several lines. */
  readonly until?: RegExp;
  /** Whether what is typed does not show. */
  readonly hidden?: boolean;
};

/** What is typed; empty after Ctrl-C or Ctrl-D, which close the prompt without an answer. */
export async function askOnTerminal(question: string, options: AskOptions = {}): Promise<string> {
  const { signal, until, hidden = false } = options;
  const { createInterface } = await import('node:readline');
  const { promise, resolve } = Promise.withResolvers<string>();
  const output = hidden ? new Writable({ write: (_piece, _encoding, done) => done() }) : process.stderr;
  const prompt = createInterface({ input: process.stdin, output, terminal: true, prompt: hidden ? '' : question });
  const giveUp = (): void => {
    process.stderr.write('\n');
    resolve('');
  };
  const lines: string[] = [];
  prompt.on('line', (line) => {
    lines.push(line);
    if (until?.test(line) ?? true) resolve(lines.join('\n'));
  });
  prompt.once('SIGINT', giveUp);
  prompt.once('close', () => resolve(''));
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted === true) giveUp();
  // Only now does the terminal show nothing of what is typed by itself.
  if (hidden) process.stderr.write(question);
  prompt.prompt();
  const answer = await promise;
  signal?.removeEventListener('abort', giveUp);
  prompt.close();
  return answer;
}
