import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { BugError, messageOf } from '../core/errors.ts';
import { jobIdSchema, type JobId } from '../core/ids.ts';
import { outcomeSchema, type Outcome } from '../core/outcome.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { syncFolder, writeDurably } from '../host/durable-file.ts';
import { isAlive, processIdentitySchema, type ProcessIdentity } from '../host/process-id.ts';

/**
 * A job's folder under `jobs/` of the host's state: the ledger entry that keeps it from being done twice, the journal
 * of what happened, and all that worker and executor ever say to each other. The state follows from the files alone,
 * so either side may die at any moment:
 *
 *   fresh        no `started`                 the worker starts an executor
 *   running      `started` names a live one   the worker follows it
 *   finished     `outcome.json` is there      the worker tells, then writes `told`
 *   interrupted  none of these                the executor died; the worker starts another, which recovers
 *
 * Who holds `lock` is the executor; flock(1) takes it before the executor begins and the kernel drops it at its end.
 */
export type JobFolder = {
  readonly job: JobId;
  readonly stateDir: string;
  readonly path: string;
  readonly files: {
    /** The order exactly as it came. */
    readonly order: string;
    readonly lock: string;
    readonly started: string;
    /** Report events of the executor, one JSON object a line. */
    readonly events: string;
    /** What the programs of the job printed. */
    readonly output: string;
    /** apt's APT::Status-Fd lines. */
    readonly status: string;
    /** What the executor itself had to say; empty when all is well. */
    readonly log: string;
    /** There when the job is to stop at the next safe point. */
    readonly cancel: string;
    readonly outcome: string;
    /** There when the outcome has reached the broker. */
    readonly told: string;
    /** How far the files above have been told. */
    readonly followed: string;
    /** Folder of files the job's programs read. */
    readonly scratch: string;
    /** Folder of what the job remembers over a crash. */
    readonly memory: string;
  };
};

export type JobState = 'fresh' | 'running' | 'finished' | 'interrupted';

/** Says who executes a job, written by the executor before anything else it does. */
const startedSchema = z.strictObject({
  process: processIdentitySchema,
  /** 1 for the first executor of the job. */
  attempt: z.int().min(1),
  /** When the first attempt began, milliseconds since 1970. */
  firstAt: z.int().min(0),
});
export type Started = Readonly<z.infer<typeof startedSchema>>;

/** Names the folder; touches nothing. */
export function jobFolder(stateDir: string, job: JobId): JobFolder {
  const path = join(stateDir, 'jobs', job);
  const files = {
    order: join(path, 'order.json'),
    lock: join(path, 'lock'),
    started: join(path, 'started'),
    events: join(path, 'events.jsonl'),
    output: join(path, 'out.log'),
    status: join(path, 'status.log'),
    log: join(path, 'executor.log'),
    cancel: join(path, 'cancel'),
    outcome: join(path, 'outcome.json'),
    told: join(path, 'told'),
    followed: join(path, 'followed.json'),
    scratch: join(path, 'scratch'),
    memory: join(path, 'memory'),
  };
  return { job, stateDir, path, files };
}

/**
 * Enters a job into the ledger, durably and as a whole. Returns false when it is there already, under whatever
 * order: a job id is used once.
 */
export async function createJobFolder(folder: JobFolder, envelope: string): Promise<boolean> {
  if (existsSync(folder.path)) return false;
  const parent = dirname(folder.path);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(parent, `.${folder.job}.`));
  try {
    await writeDurably(join(draft, 'order.json'), envelope);
    // Onto a folder with something in it rename(2) fails, so of two at a time one wins.
    await rename(draft, folder.path);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (existsSync(folder.files.order)) return false;
    throw error;
  }
  await syncFolder(parent);
  return true;
}

/** The ids of all jobs in the ledger, oldest first. */
export async function listJobs(stateDir: string): Promise<readonly JobId[]> {
  const names = existsSync(join(stateDir, 'jobs')) ? await readdir(join(stateDir, 'jobs')) : [];
  return names.flatMap((name) => jobIdSchema.safeParse(name).data ?? []).toSorted();
}

/** @throws BugError when the job is not in the ledger. */
export async function readOrder(folder: JobFolder): Promise<string> {
  try {
    return await readFile(folder.files.order, 'utf8');
  } catch (error) {
    throw new BugError(`the ledger has no order of job ${folder.job}`, { cause: error });
  }
}

export function jobState(folder: JobFolder): JobState {
  if (existsSync(folder.files.outcome)) return 'finished';
  const started = readStarted(folder);
  if (started === null) return 'fresh';
  if (isAlive(started.process)) return 'running';
  // It may have finished between the first look and the second.
  return existsSync(folder.files.outcome) ? 'finished' : 'interrupted';
}

/** Null before the first attempt; a damaged file counts as an attempt whose executor is gone. */
export function readStarted(folder: JobFolder): Started | null {
  if (!existsSync(folder.files.started)) return null;
  const started = parseJsonAs(startedSchema, readFileSync(folder.files.started, 'utf8'));
  const firstAt = Math.trunc(statSync(folder.files.started).mtimeMs);
  return started ?? { process: { bootId: 'unknown', pid: 1, startTime: '0' }, attempt: 1, firstAt };
}

/** Begins the next attempt in the name of `process`. */
export async function beginAttempt(folder: JobFolder, process: ProcessIdentity, now: number): Promise<Started> {
  const last = readStarted(folder);
  const started = { process, attempt: (last?.attempt ?? 0) + 1, firstAt: last?.firstAt ?? now };
  await writeDurably(folder.files.started, `${JSON.stringify(started)}\n`);
  return started;
}

/** From then on the job is finished. */
export async function writeOutcome(folder: JobFolder, outcome: Outcome): Promise<void> {
  await writeDurably(folder.files.outcome, `${JSON.stringify(outcomeSchema.parse(outcome))}\n`);
}

/** Null while the job is not finished. What cannot be read is a failure of its own: the job must not run again. */
export async function readOutcome(folder: JobFolder): Promise<Outcome | null> {
  if (!existsSync(folder.files.outcome)) return null;
  try {
    return outcomeSchema.parse(JSON.parse(await readFile(folder.files.outcome, 'utf8')));
  } catch (error) {
    return unreadable(folder, error);
  }
}

export function isTold(folder: JobFolder): boolean {
  return existsSync(folder.files.told);
}

export async function markTold(folder: JobFolder): Promise<void> {
  await writeDurably(folder.files.told, '');
}

/** Asks the job to stop at its next safe point. */
export async function markCancelled(folder: JobFolder): Promise<void> {
  await writeFile(folder.files.cancel, '', { mode: 0o600 });
}

export function isCancelled(folder: JobFolder): boolean {
  return existsSync(folder.files.cancel);
}

/** Takes a job out of the ledger; only safe when its order has expired, or it could be done again. */
export async function forgetJob(folder: JobFolder): Promise<void> {
  await rm(folder.path, { recursive: true, force: true });
}

function unreadable(folder: JobFolder, error: unknown): Outcome {
  return {
    status: 'failed',
    summary: 'the outcome cannot be read',
    transaction: null,
    data: null,
    health: null,
    failure: {
      kind: 'bug',
      message: `cannot read ${folder.files.outcome}: ${messageOf(error)}`.slice(0, 4000),
      hint: `look into ${folder.files.output}`,
    },
  };
}
