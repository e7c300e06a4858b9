import type { HostName } from '../core/names.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { isEnded, isGood, jobStatus, SILENCE_MS, type JobState, type JobStatus } from '../core/run-state.ts';
import type { RolloutProgress } from './progress.ts';
import type { Turn, TurnStatus } from './decide.ts';

/** Where each host of a run is in its turn. What no host has said a word of, and nobody has given it, is held. */
export function turnsOf(snapshot: RunSnapshot, progress: RolloutProgress): ReadonlyMap<HostName, Turn> {
  const turns = new Map<HostName, Turn>();
  for (const job of snapshot.state.jobs.values()) {
    if (job.to.kind !== 'host') continue;
    const reachable = snapshot.presences.get(job.id)?.online === true;
    turns.set(job.to.host, { status: turnStatus(job, snapshot, progress), reachable });
  }
  return turns;
}

function turnStatus(job: JobState, { state, now }: RunSnapshot, { released }: RolloutProgress): TurnStatus {
  const status = jobStatus(job, state.run, now);
  if (isEnded(status)) return isGood(status) ? 'good' : isUntouched(job, status) ? 'missed' : 'bad';
  const givenAt = (job.to.kind === 'host' ? released.get(job.to.host) : undefined) ?? job.firstWordAt;
  if (givenAt === null) return 'held';
  const wordDueAt = Math.max(givenAt, job.lastWordAt ?? 0) + state.run.deadlineMs + SILENCE_MS;
  return now > wordDueAt ? 'overdue' : 'under-way';
}

/** Whether the job ended without the host having begun it. */
function isUntouched({ end }: JobState, status: JobStatus): boolean {
  return status === 'expired' || (status === 'cancelled' && (end === null || !('outcome' in end)));
}
