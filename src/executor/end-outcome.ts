import { assessHealth } from '../apt/health.ts';
import { diffSnapshots } from '../apt/diff-snapshots.ts';
import { rememberSnapshot } from '../apt/take-snapshot.ts';
import { failedOutcome } from '../core/failed-outcome.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Work } from '../core/step.ts';
import { JobStopped } from './phase-gate.ts';

/**
 * How a job ended that its task could not bring to an end: with what it had changed all the same, by itself, by an
 * attempt that was killed, or by mending what that left behind.
 */
export function* endOutcome(error: unknown): Work<Outcome> {
  const outcome = plainOutcome(error);
  const { before, now } = yield* rememberSnapshot();
  const changes = diffSnapshots(before, now, []);
  return { ...outcome, transaction: { changes, keptBack: [] }, health: yield* assessHealth(now) };
}

/** The same where the host cannot even say what it has. */
export function plainOutcome(error: unknown): Outcome {
  const failed = failedOutcome(error);
  const cancelled = error instanceof JobStopped && error.reason === 'cancelled';
  return cancelled ? { ...failed, status: 'cancelled', failure: null } : failed;
}
