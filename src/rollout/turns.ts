import type { HostName } from '../core/names.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { isGood, jobStatus, SILENCE_MS, type JobState } from '../core/run-state.ts';
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
  if (isGood(status)) return 'good';
  switch (status) {
    case 'failed':
    case 'refused':
    case 'lost':
      return 'bad';
    case 'expired':
      return 'missed';
    case 'cancelled':
      return job.end !== null && 'outcome' in job.end ? 'bad' : 'missed';
    default: {
      const givenAt = (job.to.kind === 'host' ? released.get(job.to.host) : undefined) ?? job.firstWordAt;
      if (givenAt === null) return 'held';
      const wordDueAt = Math.max(givenAt, job.lastWordAt ?? 0) + state.run.deadlineMs + SILENCE_MS;
      return now > wordDueAt ? 'overdue' : 'under-way';
    }
  }
}
