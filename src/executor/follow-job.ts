import type { Outcome } from '../core/outcome.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { reportSchema, type ReportSink } from '../core/report.ts';
import { sizeOf } from '../host/size-of.ts';
import { watchFolder } from './folder-changes.ts';
import { readPlace, savePlace, type FollowedPlace } from './followed-place.ts';
import { readNewLines } from './grown-file.ts';
import { jobState, readOutcome, type JobFolder } from './job-folder.ts';
import { nextOutputPiece, type Size } from './output-pieces.ts';
import { progressTeller, type ProgressTeller } from './progress-teller.ts';

/**
 * Tells what a job's executor writes, from where the last follower got to, until the job is finished or its executor
 * has died. Everything written before that is told. Ending the follower does nothing to the job.
 * @throws the signal's reason when it is aborted, and what the sink throws.
 */
export async function followJob(
  folder: JobFolder,
  sink: ReportSink,
  signal: AbortSignal,
): Promise<Outcome | 'interrupted'> {
  const place = await readPlace(folder);
  const follower = { folder, sink, place, progress: progressTeller(sink) };
  using changes = watchFolder(folder.path, 'followed');
  for (;;) {
    // Looked at before the files are read, so that what is read after the end is all there is.
    const state = jobState(folder);
    await tellNews(follower, state === 'finished' ? { size: await sizeOf(folder.files.output) } : null);
    if (state === 'interrupted') return 'interrupted';
    const outcome = state === 'finished' ? await readOutcome(folder) : null;
    if (outcome !== null) return outcome;
    signal.throwIfAborted();
    await changes.next();
  }
}

type Follower = {
  readonly folder: JobFolder;
  readonly sink: ReportSink;
  readonly place: FollowedPlace;
  readonly progress: ProgressTeller;
};

async function tellNews(follower: Follower, finished: Size | null): Promise<void> {
  const { place } = follower;
  const before = place.events + place.status + place.output;
  // Read before the events, so that the phase they name is never one that was over when a line was written.
  const status = await readNewLines(follower.folder.files.status, place.status);
  await tellEvents(follower);
  for (const line of status.lines) follower.progress.note(line, place.phase);
  place.status = status.end;
  await tellOutput(follower, finished);
  await follower.progress.tick(before !== place.events + place.status + place.output, place.phase);
}

async function tellEvents({ folder, sink, place }: Follower): Promise<void> {
  const { lines, end } = await readNewLines(folder.files.events, place.events);
  for (const line of lines) {
    // Null for what is no event: a line that a crash cut off.
    const event = parseJsonAs(reportSchema.shape.event, line);
    if (event?.kind === 'phase') place.phase = event.phase;
    if (event !== null) await sink(event);
    place.events += Buffer.byteLength(line) + 1;
    await savePlace(folder, place);
  }
  place.events = end;
}

async function tellOutput({ folder, sink, place }: Follower, finished: Size | null): Promise<void> {
  for (;;) {
    const piece = await nextOutputPiece(folder.files.output, place.output, finished);
    if (piece === null) return;
    await sink({ kind: 'output', ...piece });
    place.output = piece.end;
    await savePlace(folder, place);
  }
}
