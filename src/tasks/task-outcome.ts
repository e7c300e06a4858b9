import type { Json } from '../core/json.ts';
import type { Failure, Outcome } from '../core/outcome.ts';

/** What a task that touches no package leaves out of its outcome. */
export const NO_PACKAGES = { transaction: null, health: null, failure: null } as const;

/** The outcome of a task that touches no package and has failed. */
export function failedTask(failure: Failure, data: Json): Outcome {
  return { ...NO_PACKAGES, status: 'failed', summary: failure.message.slice(0, 2000), data, failure };
}
