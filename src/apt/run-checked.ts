import { CommandError } from '../core/errors.ts';
import { run, type Argv, type Work } from '../core/step.ts';
import { classifyFailure } from './classify-failure.ts';

/**
 * What a program that only looks printed.
 * @throws CommandError when it failed, since there is nothing a task could make of that.
 */
export function* runChecked(argv: Argv): Work<string> {
  const output = yield* run(argv);
  if (output.exitCode === 0) return output.stdout;
  const { message, hint } = classifyFailure(output);
  throw new CommandError('COMMAND_FAILED', `${argv[0]} failed: ${message}`, { ...(hint !== null && { hint }) });
}
