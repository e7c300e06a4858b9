import type { HostPresence } from './host-presence.ts';
import type { JobId } from './ids.ts';
import type { HostName } from './names.ts';
import { jobStatus, type JobState, type JobStatus, type RunState } from './run-state.ts';

export type JobTurn =
  /** The job is not given to its host yet; `begun` when the host is at what comes before it. */
  | { readonly kind: 'held'; readonly begun: boolean }
  /** The turn has failed, whatever the job itself came to; a job that had not begun by then never does. */
  | { readonly kind: 'failed'; readonly why: string };

/** What is known of a run at one moment. */
export type RunSnapshot = {
  readonly state: RunState;
  /** For jobs that have not ended: whether a host that can do the job is there. */
  readonly presences: ReadonlyMap<JobId, HostPresence>;
  /** How many reports were left out, because they do not bear the key of the host they name. */
  readonly forged: number;
  /** Hosts whose reports are left out, because they are more than a host says and a reader can take. */
  readonly oversized?: readonly HostName[];
  /** In a roll-out: what the turn of a job's host says of it, where that is more than its reports do. */
  readonly turns?: ReadonlyMap<JobId, JobTurn>;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** The status of a job, also where a turn decides about it that no host has spoken of. */
export function statusIn({ state, turns, now }: RunSnapshot, job: JobState): JobStatus | 'held' | 'skipped' {
  const turn = job.end === null && job.firstWordAt === null ? turns?.get(job.id) : undefined;
  if (turn === undefined) return jobStatus(job, state.run, now);
  return turn.kind === 'held' ? 'held' : 'skipped';
}
