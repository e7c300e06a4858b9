import type { HostName } from '../core/names.ts';
import type { Rollout } from '../core/rollout.ts';
import { SILENCE_MS } from '../core/run-state.ts';
import type { Run } from '../core/run.ts';

/** A run that proceeds batch by batch. */
export type RolledRun = Run & { readonly rollout: Rollout };

export function isRolled(run: Run): run is RolledRun {
  return run.rollout !== undefined;
}

/** From when on no host can be at work on it any more, milliseconds since 1970. */
export function overAt({ expiresAt, deadlineMs, rollout }: Run): number {
  return expiresAt + (rollout?.steps?.length ?? 1) * (deadlineMs + SILENCE_MS);
}

/** Its hosts, in the order of their turns. */
export function rolledHosts({ jobs }: Run): readonly HostName[] {
  return jobs.flatMap(({ to }) => (to.kind === 'host' ? [to.host] : []));
}

/**
 * Whether a host may have no turn of another run during one of this: with several steps, what comes between them would
 * find the host in a state that this run has not done with.
 */
export function hasTurnsAlone({ rollout }: Run): boolean {
  return rollout?.steps !== undefined;
}

/** All that a host may do in its turn. */
export function tasksInTurns({ task, rollout }: RolledRun): ReadonlySet<string> {
  return new Set([task, ...(rollout.steps ?? []).map((step) => step.task)]);
}
