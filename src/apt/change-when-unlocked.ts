import { awaitPackageLocks, change, type Argv, type CommandOutput, type Phase, type Work } from '../core/step.ts';
import { isLockFailure } from './classify-failure.ts';

/**
 * Runs a program that needs apt's or dpkg's locks, once nobody else has them. Somebody may be quicker between the look
 * and the start, and dpkg and `apt-get update` do not wait by themselves: then it waits and tries again.
 */
export function* changeWhenUnlocked(phase: Phase, argv: Argv): Work<CommandOutput> {
  let output: CommandOutput;
  let attempt = 0;
  do {
    yield* awaitPackageLocks();
    output = yield* change(phase, argv);
    attempt += 1;
  } while (attempt < MAX_ATTEMPTS && isLockFailure(output));
  return output;
}

const MAX_ATTEMPTS = 5;
