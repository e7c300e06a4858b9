import { spawnSync } from 'node:child_process';
import { CommandError } from '../../src/core/errors.ts';
import type { Argv } from '../../src/core/step.ts';

export type RunOptions = {
  /** The Debian package that has the program, for when it is not there. */
  readonly debianPackage?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs a program to its end and returns what it printed. */
export function runProgram(argv: Argv, { debianPackage, cwd, env }: RunOptions = {}): string {
  const [program, ...args] = argv;
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    cwd,
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) {
    throw new CommandError('MISSING_PROGRAM', `the build needs ${program}, which is not installed`, {
      hint: `apt-get install --no-install-recommends ${debianPackage ?? program}`,
      cause: error,
    });
  }
  if (status === 0) return stdout;
  throw new CommandError('COMMAND_FAILED', `${argv.join(' ')} ended with ${status}: ${stderr.trim()}`);
}
