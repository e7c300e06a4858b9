import { failsAgain } from '../../core/lasting-failures.ts';
import type { Failure } from '../../core/outcome.ts';
import type { RunSnapshot } from '../../core/run-snapshot.ts';
import { isEnded, isGood, jobStatus, type JobState } from '../../core/run-state.ts';
import type { Run } from '../../core/run.ts';

/** The jobs that ended other than well. */
export function badJobs({ state, now }: RunSnapshot): readonly JobState[] {
  return [...state.jobs.values()].filter((job) => {
    const status = jobStatus(job, state.run, now);
    return isEnded(status) && !isGood(status);
  });
}

/** What to type next; a retry is proposed only where it could end otherwise. */
export function adviceFor(
  run: Run,
  { jobs: bad, celeroot }: { readonly jobs: readonly JobState[]; readonly celeroot: string },
): string {
  const lasting = bad.flatMap(lastingFailure);
  const retries = lasting.length < bad.length;
  const show = `see  ${celeroot} runs show ${run.id}${retries ? `,  then  ${celeroot} runs retry ${run.id}` : ''}`;
  if (lasting.length === 0) return show;
  const whom = retries ? ` on ${lasting.length} of ${bad.length} hosts` : '';
  const remedies = [...new Set(lasting.flatMap(({ hint }) => hint ?? []))].slice(0, MAX_REMEDIES);
  return [`${show}`, `a retry would fail the same way${whom}${remedies.length > 0 ? ':' : ''}`, ...remedies].join('\n');
}

const MAX_REMEDIES = 3;

function lastingFailure({ end }: JobState): readonly Failure[] {
  const failure = end !== null && 'outcome' in end ? end.outcome.failure : null;
  return failure !== null && failsAgain(failure) ? [failure] : [];
}
