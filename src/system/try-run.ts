import { CommandError } from '../core/errors.ts';
import { run, type Argv, type CommandOutput, type Work } from '../core/step.ts';

/** As `run`, but a program that is missing or does not end in time is an answer: the reason. */
export function* tryRun(argv: Argv, timeoutMs: number): Work<CommandOutput | string> {
  try {
    return yield* run(argv, timeoutMs);
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}
