import { join } from 'node:path';
import { runApp } from '../../src/commands/app.ts';
import type { CliContext } from '../../src/commands/context.ts';
import type { Output } from '../../src/terminal/output.ts';

/** An output that keeps what was written. */
export function memoryOutput(size: Partial<Pick<Output, 'isTTY' | 'colour' | 'columns' | 'rows'>> = {}): Output & {
  readonly text: () => string;
} {
  const pieces: string[] = [];
  return {
    write: (text) => void pieces.push(text),
    text: () => pieces.join(''),
    isTTY: size.isTTY ?? false,
    colour: size.colour ?? false,
    columns: size.columns ?? 80,
    rows: size.rows ?? 24,
    onResize: () => ({ [Symbol.dispose]: () => undefined }),
  };
}

export type CliResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs one command line in this process. `overrides` replace parts of a context that has no terminal and no input. */
export async function runCli(args: readonly string[], overrides: Partial<CliContext> = {}): Promise<CliResult> {
  const stdout = memoryOutput();
  const stderr = memoryOutput();
  const code = await runApp(args, { ...testContext(), stdout, stderr, ...overrides });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

export function testContext(): CliContext {
  return {
    stdout: memoryOutput(),
    stderr: memoryOutput(),
    stdoutClosed: new AbortController().signal,
    writeBytes: () => undefined,
    readStdin: () => Promise.resolve(''),
    confirm: null,
    ask: null,
    env: {},
    cwd: '/',
    clock: { now: () => Date.now() },
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    by: 'tester@here',
    self: [process.execPath, join(import.meta.dirname, '../../bin/celeroot.ts')],
    stateDir: '/nonexistent/celeroot',
    onSignal: () => ({ [Symbol.dispose]: () => undefined }),
  };
}
