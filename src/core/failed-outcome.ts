import { BugError, CelerootError, messageOf } from './errors.ts';
import type { Outcome } from './outcome.ts';

/** What went wrong as the end of a job that has nothing else to tell. */
export function failedOutcome(error: unknown): Outcome {
  const known = error instanceof CelerootError ? error : new BugError(messageOf(error), { cause: error });
  const message = known.message.slice(0, 4000);
  return {
    status: 'failed',
    summary: message.slice(0, 2000),
    transaction: null,
    data: null,
    health: null,
    failure: { kind: known.code.toLowerCase(), message, hint: known.hint?.slice(0, 2000) ?? null },
  };
}
