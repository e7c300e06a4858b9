import { formatDuration } from '../core/duration.ts';
import type { JobId } from '../core/ids.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { summarizeRun } from '../core/run-state.ts';
import { describeJob, describeTrouble, type JobText } from './job-text.ts';
import type { Output } from './output.ts';
import { summaryText, type RunView } from './run-view.ts';

/**
 * One line for every step of every host, `host | what`, for pipes and logs. A job that waits its turn or is only
 * accepted says nothing: it would double the log of a large run.
 */
export function plainRunView(output: Output): RunView {
  const said = new Map<JobId, string>();
  let noted = '';
  return {
    update: (snapshot) => writeNews(output, snapshot, said),
    finish: (snapshot) => {
      writeNews(output, snapshot, said);
      const { run } = snapshot.state;
      const took = formatDuration(lastMoment(snapshot) - run.createdAt);
      output.write(`run ${run.id} | ${summaryText(summarizeRun(snapshot.state, snapshot.now))} in ${took}\n`);
    },
    note: (text) => {
      if (text !== noted) output.write(`roll-out | ${text}\n`);
      noted = text;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** When the last job ended, or now while some have not: a run of yesterday did not take a day. */
function lastMoment({ state, now }: RunSnapshot): number {
  return [...state.jobs.values()].reduce((last, job) => Math.max(last, job.end?.at ?? now), 0);
}

function writeNews(output: Output, snapshot: RunSnapshot, said: Map<JobId, string>): void {
  const lines: string[] = [];
  for (const job of snapshot.state.jobs.values()) {
    const text = describeJob(job, snapshot);
    const key = newsKey(text);
    if (key === null || said.get(job.id) === key) continue;
    said.set(job.id, key);
    const took = job.end === null || text.elapsed === '' ? '' : `  ${text.elapsed}`;
    lines.push(`${text.label} | ${[text.status, text.detail].filter((part) => part !== '').join('  ')}${took}`);
    if (job.end !== null && job.end.status !== 'planned')
      lines.push(...describeTrouble(job.end).map((line) => `${text.label} |   ${line}`));
  }
  if (lines.length > 0) output.write(`${lines.join('\n')}\n`);
}

/** What must change for a new line to be worth it; the package and percentage within a phase do not count. The symbol does: it
 * changes when the turn of a host fails whose job did well. */
function newsKey(text: JobText): string | null {
  if (text.status === 'held') return null;
  if (text.status === 'queued' || text.status === 'accepted') return text.detail === '' ? null : text.detail;
  return `${text.symbol} ${text.status}`;
}
