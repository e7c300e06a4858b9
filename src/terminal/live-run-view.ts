import { statusIn, type RunSnapshot } from '../core/run-snapshot.ts';
import { isEnded, summarizeRun, type JobState } from '../core/run-state.ts';
import { describeJob, describeTrouble, jobLabel, type JobText } from './job-text.ts';
import { openLiveRegion } from './live-region.ts';
import type { Output } from './output.ts';
import { fitWidth, padWidth } from './display-width.ts';
import { summaryText, type RunView } from './run-view.ts';
import { justify, span, type StyledLine } from './styled-line.ts';

const REDRAW_MS = 80;
const MAX_LABEL = 32;

/** Finished hosts once, for good; below them what is under way, redrawn in place and never taller than the screen. */
export function liveRunView(output: Output): RunView {
  const region = openLiveRegion(output);
  const printed = new Set<string>();
  let latest: RunSnapshot | null = null;
  let noted = '';
  let timer: NodeJS.Timeout | null = null;

  /** Bursts of reports cost one redraw per `REDRAW_MS`. */
  const schedule = (): void => {
    timer ??= setTimeout(redraw, REDRAW_MS);
  };
  const redraw = (): void => {
    timer = null;
    if (latest !== null) region.draw(newlyEnded(output, latest, printed), liveLines(output, latest, noted));
  };
  const resizing = output.onResize(schedule);
  return {
    update: (snapshot) => {
      if (latest === null) region.draw([], liveLines(output, snapshot, noted));
      latest = snapshot;
      schedule();
    },
    note: (text) => {
      noted = text;
      schedule();
    },
    finish: (snapshot, end) => {
      if (timer !== null) clearTimeout(timer);
      const left = end === 'ended' ? [] : activeJobs(snapshot).map((job) => jobLine(output, job, snapshot));
      region.draw([...newlyEnded(output, snapshot, printed), ...left.slice(0, MAX_LEFT)], [finalLine(snapshot)]);
      latest = null;
    },
    [Symbol.asyncDispose]: () => {
      if (timer !== null) clearTimeout(timer);
      resizing[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

const MAX_LEFT = 50;

function newlyEnded(output: Output, snapshot: RunSnapshot, printed: Set<string>): readonly StyledLine[] {
  const lines: StyledLine[] = [];
  for (const job of snapshot.state.jobs.values()) {
    // A turn may fail after the job itself was done well.
    const line = snapshot.turns?.get(job.id)?.kind === 'failed' ? `failed ${job.id}` : job.id;
    if (printed.has(line) || !isOver(statusIn(snapshot, job))) continue;
    printed.add(line);
    // The plans of a dry run are shown by groups when it is over; a line for each host would only push them away.
    if (job.end?.status === 'planned') continue;
    lines.push(jobLine(output, job, snapshot));
    if (job.end !== null) lines.push(...describeTrouble(job.end).map((line) => [span(`    ${line}`, 'dim')]));
  }
  return lines;
}

function isOver(status: ReturnType<typeof statusIn>): boolean {
  return status === 'skipped' || (status !== 'held' && isEnded(status));
}

/** Active hosts, as many as the screen holds, and the summary. */
function liveLines(output: Output, snapshot: RunSnapshot, note: string): readonly StyledLine[] {
  const room = Math.max(1, output.rows - 2 - (note === '' ? 0 : 1));
  const active = activeJobs(snapshot);
  const shown = active.length <= room ? active : active.slice(0, room - 1);
  const more = active.length - shown.length;
  const lines = shown.map((job) => jobLine(output, job, snapshot));
  if (more > 0) lines.push([span(`… and ${more} more`, 'dim')]);
  if (note !== '') lines.push([span(fitWidth(`roll-out ${note}`, output.columns - 1))]);
  return [...lines, summaryLine(output, snapshot)];
}

/** What moves stands first: running, waiting, accepted, queued, and last the hosts that are offline. */
function activeJobs(snapshot: RunSnapshot): readonly JobState[] {
  const ranked = [...snapshot.state.jobs.values()].flatMap((job) => {
    const status = statusIn(snapshot, job);
    if (status === 'held' || isOver(status)) return [];
    const offline = snapshot.presences.get(job.id)?.online === false;
    return [{ job, rank: offline ? ORDER.length : ORDER.indexOf(status) }];
  });
  return ranked.toSorted((a, b) => a.rank - b.rank).map((entry) => entry.job);
}

const ORDER: readonly string[] = ['running', 'waiting', 'accepted', 'queued'];

function jobLine(output: Output, job: JobState, snapshot: RunSnapshot): StyledLine {
  const text = describeJob(job, snapshot);
  const label = padWidth(text.label, Math.min(labelWidth(snapshot), MAX_LABEL));
  const left = [
    span(`${label}  `),
    span(`${text.symbol} ${padWidth(text.status, STATUS_WIDTH)}`, text.style),
    span(`  ${withProgress(output, text)}`),
  ];
  return text.elapsed === ''
    ? left
    : justify(left, [span(text.elapsed, 'dim')], Math.min(output.columns - 1, MAX_WIDTH));
}

const STATUS_WIDTH = 'downloading'.length;
/** On a very wide terminal the time should still stand near its host. */
const MAX_WIDTH = 110;

const labelWidths = new WeakMap<object, number>();

/** The widest label of a run, found once: 10,000 hosts are looked at for each line otherwise. */
function labelWidth(snapshot: RunSnapshot): number {
  const { run, jobs } = snapshot.state;
  const known = labelWidths.get(run);
  if (known !== undefined) return known;
  const width = [...jobs.values()].reduce((widest, job) => Math.max(widest, jobLabel(job).length), 0);
  labelWidths.set(run, width);
  return width;
}

/** The detail and, where there is room, a bar; the percentage stands in either case. */
function withProgress(output: Output, { percent, detail }: JobText): string {
  if (percent === null) return detail;
  const number = `${String(Math.round(percent)).padStart(3)} %`;
  const cells = output.columns >= 90 ? 18 : output.columns >= 70 ? 10 : 0;
  if (cells === 0) return `${detail} ${number}`;
  const full = Math.round((percent / 100) * cells);
  const fitted = padWidth(fitWidth(detail, DETAIL_WIDTH), DETAIL_WIDTH);
  return `${fitted} ${'█'.repeat(full)}${'░'.repeat(cells - full)} ${number}`;
}

const DETAIL_WIDTH = 30;

function summaryLine(output: Output, snapshot: RunSnapshot): StyledLine {
  const { id } = snapshot.state.run;
  const summary = summaryText(summarizeRun(snapshot.state, snapshot.now));
  const left = [span(`run ${id}   ${summary}`, 'bold')];
  const hint = `Ctrl-C detaches; the run goes on`;
  return output.columns > 90 ? [...left, span(`   ${hint}`, 'dim')] : left;
}

function finalLine(snapshot: RunSnapshot): StyledLine {
  const summary = summarizeRun(snapshot.state, snapshot.now);
  const style = summary.bad > 0 ? 'red' : summary.ended === summary.total ? 'green' : 'yellow';
  return [span(`run ${snapshot.state.run.id}   `), span(summaryText(summary), style)];
}
