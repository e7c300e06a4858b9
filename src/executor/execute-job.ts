import { appendFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/duration.ts';
import { BugError, CelerootError } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Work } from '../core/step.ts';
import { closeInherited } from '../host/close-inherited.ts';
import { identifyProcess } from '../host/process-id.ts';
import { systemStops } from '../host/system-stops.ts';
import { awaitSurvivors } from './await-survivors.ts';
import { endOutcome, plainOutcome } from './end-outcome.ts';
import { ProgramKilled } from './change-host.ts';
import { openEventLog } from './event-log.ts';
import { beginAttempt, isTold, jobState, writeOutcome, type JobFolder, type Started } from './job-folder.ts';
import { jobPerformer } from './job-performer.ts';
import { limitScripts } from './limit-scripts.ts';
import { performWork, type StepPerformer } from './perform-work.ts';
import { JobStopped, phaseGate } from './phase-gate.ts';
import { watchForStop, type StopWatch } from './stop-watch.ts';

/** What a job comes down to once its order is admitted. */
export type JobPlan = {
  readonly work: Work<Outcome>;
  readonly dryRun: boolean;
  readonly deadlineMs: number;
};

export type ExecutionOptions = {
  readonly clock: Clock;
  /** How long to wait for a foreign program that holds apt's locks. */
  readonly lockTimeoutMs: number;
  /** Instead of the fixed one; for tests. */
  readonly searchPath?: string | undefined;
};

/**
 * Makes one attempt at a job, in the process that holds its lock, and writes down how it ended. A job that is
 * finished already, or that a process without the lock works at, is left alone. When this process or a program of it
 * is killed before the end the job is interrupted, and the next attempt waits for what still runs, recovers and goes
 * on to the same result. When the machine is shutting down the job is left so on purpose: it is done after the boot.
 */
export async function executeJob(
  folder: JobFolder,
  admit: (started: Started) => Promise<JobPlan>,
  options: ExecutionOptions,
): Promise<void> {
  if (isTold(folder) || ['finished', 'running'].includes(jobState(folder))) return;
  const self = identifyProcess(process.pid);
  if (self === null) throw new BugError('this process is not in /proc');
  using stop = watchForStop(folder);
  forgetOrigin(folder);
  const started = await beginAttempt(folder, self, options.clock.now());
  const outcome = await attempt(folder, { admit, started, stop, options });
  if (outcome !== null) await writeOutcome(folder, outcome);
}

/** What maintainer scripts and the daemons they start get must not depend on who started the worker. */
function forgetOrigin({ files }: JobFolder): void {
  process.umask(0o022);
  closeInherited(files.lock);
}

type Attempt = {
  readonly admit: (started: Started) => Promise<JobPlan>;
  readonly started: Started;
  readonly stop: StopWatch;
  readonly options: ExecutionOptions;
};

/** Null when the job is to be taken up again. */
async function attempt(folder: JobFolder, { admit, started, stop, options }: Attempt): Promise<Outcome | null> {
  try {
    const plan = await admit(started);
    const sink = await openEventLog(folder.files.events);
    const gate = phaseGate(() => stop.reason(plan.deadlineMs), started.attempt);
    const lateMs = (): number => stop.lateMs(plan.deadlineMs);
    using scripts = limitScripts(folder, () => lateMs() > 0);
    const perform = jobPerformer({
      ...options,
      folder,
      dryRun: plan.dryRun,
      sink,
      gate,
      scripts,
      isToldToEnd: stop.isToldToEnd,
    });
    if (started.attempt > 1) await awaitSurvivors(folder, sink);
    return await performWork(plan.work, perform).then(
      (outcome) => withLateness(outcome, lateMs()),
      async (error: unknown) => await endEarly(folder, perform, error),
    );
  } catch (error) {
    return await endEarly(folder, null, error);
  }
}

/** From the commit on a deadline only limits scripts; who set it shall see that the job took longer. */
function withLateness(outcome: Outcome, lateMs: number): Outcome {
  if (lateMs <= 0 || outcome.failure !== null) return outcome;
  const late = `; ended ${formatDuration(lateMs)} after its deadline`;
  return { ...outcome, summary: outcome.summary.slice(0, 2000 - late.length) + late };
}

async function endEarly(folder: JobFolder, perform: StepPerformer | null, error: unknown): Promise<Outcome | null> {
  if (!isExpected(error)) await appendFile(folder.files.log, `${inspect(error)}\n`, { mode: 0o600 });
  if (error instanceof ProgramKilled || (await isLeftForLater(error))) return null;
  const assessed = perform === null ? null : await performWork(endOutcome(error), perform).catch(() => null);
  return assessed ?? plainOutcome(error);
}

/** Whether the outcome says all there is to say. */
function isExpected(error: unknown): boolean {
  return error instanceof CelerootError && !(error instanceof BugError) && !(error instanceof ProgramKilled);
}

async function isLeftForLater(error: unknown): Promise<boolean> {
  return error instanceof JobStopped && error.reason === 'signal' && (await systemStops());
}
