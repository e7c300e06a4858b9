import { CommandError } from '../../src/core/errors.ts';
import { runProgram } from './run-program.ts';

/**
 * The time (seconds since 1970) that everything built claims to be from, so that the same commit gives the same bytes:
 * when the commit was made, or what SOURCE_DATE_EPOCH says (reproducible-builds.org).
 */
export function buildTime(root: string, env: Readonly<Record<string, string | undefined>>): number {
  const text = env['SOURCE_DATE_EPOCH'] || commitTime(root);
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new CommandError('COMMAND_FAILED', `SOURCE_DATE_EPOCH is no number of seconds: ${JSON.stringify(text)}`);
}

function commitTime(root: string): string {
  try {
    return runProgram(['git', 'log', '-1', '--format=%ct'], { cwd: root }).trim();
  } catch (cause) {
    throw new CommandError('COMMAND_FAILED', `git does not know of when ${root} is`, {
      hint: 'outside a git checkout say it yourself: SOURCE_DATE_EPOCH=$(date +%s) npm run build',
      cause,
    });
  }
}
