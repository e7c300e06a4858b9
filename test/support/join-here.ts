import type { CliContext } from '../../src/commands/context.ts';
import { memoryOutput, runCli, type CliResult } from './cli.ts';
import { tokenIn, type JoinScene } from './join-scene.ts';

/** `hosts join NAME --token` in this process, where a test can type the fingerprint and tell the time. */
export type JoinHere = { readonly token: string; readonly result: Promise<CliResult> };

export type JoinHereOptions = Partial<CliContext> & { readonly name: string; readonly flags?: readonly string[] };

export async function joinHere(
  { folder }: Pick<JoinScene, 'folder'>,
  { name, flags = [], ...overrides }: JoinHereOptions,
): Promise<JoinHere> {
  const [stdout, stderr] = [memoryOutput(), memoryOutput()];
  const args = ['hosts', 'join', name, '--token', ...flags];
  const result = runCli(args, { cwd: folder.path, ...overrides, stdout, stderr });
  const whole = result.then(({ code }) => ({ code, stdout: stdout.text(), stderr: stderr.text() }));
  return { token: await tokenIn(stdout.text), result: whole };
}

/** An answer that is typed when a test says so. */
export function typing(): {
  readonly type: (text: string) => void;
  readonly ask: () => Promise<string>;
  readonly asked: Promise<void>;
} {
  const [asked, typed] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
  const ask = async (): Promise<string> => {
    asked.resolve();
    return await typed.promise;
  };
  return { type: typed.resolve, ask, asked: asked.promise };
}
