import { existsSync } from 'node:fs';
import { BugError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { JobId } from '../core/ids.ts';
import {
  createJobFolder,
  forgetJob,
  isTold,
  jobFolder,
  listJobs,
  markTold,
  type JobFolder,
} from '../executor/job-folder.ts';
import { beginLedger } from '../executor/ledger-birth.ts';
import { MAX_VALIDITY_MS } from '../trust/verify-order.ts';
import { openSeenOrders, type SeenOrder, type SeenOrders } from './seen-orders.ts';

/** How long the folder of a job stays after its order expired. */
const KEEP_FOLDER_MS = 24 * 3_600_000;

/**
 * What this host knows of orders. `unknown`: never accepted. `open`: accepted, its end not told yet. `settled`: told,
 * refused or expired; it is never carried out again.
 */
type Standing = 'unknown' | 'open' | 'settled';

/**
 * Remembers every order this host accepted, so that it carries out each once, whatever the broker delivers. A job
 * that changes the host has a folder (executor/job-folder.ts) from the moment it is accepted; when all is told, its
 * id moves to the seen orders. If the ledger is lost, a new one is born, and what was issued before is refused.
 */
export type Ledger = AsyncDisposable & {
  readonly stateDir: string;
  readonly birth: number;
  readonly newestIssue: () => number;
  readonly standing: (job: JobId) => Standing;
  /** The open jobs, oldest first. */
  readonly openJobs: () => Promise<readonly JobFolder[]>;
  /** Accepts a job of unknown standing, durably. */
  readonly enter: (job: JobId, envelope: string) => Promise<JobFolder>;
  /** Ends a job, durably, once its end is told. */
  readonly settle: (order: SeenOrder) => Promise<void>;
  /** Removes the folders of settled jobs a day after their orders expired, and forgets their ids a week after. */
  readonly prune: () => Promise<void>;
};

/** Opens the ledger in a state folder that is there, or begins one. */
export async function openLedger(stateDir: string, clock: Clock): Promise<Ledger> {
  const now = clock.now();
  const birth = await beginLedger(stateDir, now);
  const seen = await openSeenOrders(stateDir, now);
  await settleTold({ stateDir, seen }, now);
  const standing = (job: JobId): Standing => {
    if (seen.find(job) !== null) return 'settled';
    return existsSync(jobFolder(stateDir, job).path) ? 'open' : 'unknown';
  };
  return {
    stateDir,
    birth,
    newestIssue: seen.newestIssue,
    standing,
    openJobs: async () => (await foldersIn(stateDir)).filter(({ job }) => standing(job) === 'open'),
    enter: async (job, envelope) => {
      const folder = jobFolder(stateDir, job);
      if (!(await createJobFolder(folder, envelope))) throw new BugError(`job ${job} is in the ledger already`);
      return folder;
    },
    settle: async (order) => {
      const folder = jobFolder(stateDir, order.id);
      if (existsSync(folder.path)) await markTold(folder);
      await seen.add(withinReason(order, clock.now()));
    },
    prune: async () => await prune({ stateDir, seen }, clock.now()),
    [Symbol.asyncDispose]: async () => await seen[Symbol.asyncDispose](),
  };
}

type Shelf = { readonly stateDir: string; readonly seen: SeenOrders };

/** Finishes what a crash cut short between `told` and the seen orders; seven days is the longest an order is valid. */
async function settleTold({ stateDir, seen }: Shelf, now: number): Promise<void> {
  for (const folder of await foldersIn(stateDir)) {
    if (isTold(folder)) await seen.add({ id: folder.job, issuedAt: 0, expiresAt: now + MAX_VALIDITY_MS });
  }
}

/** A refused order may claim any time; none of it may hold up the orders after it or stay for ever. */
function withinReason({ id, issuedAt, expiresAt }: SeenOrder, now: number): SeenOrder {
  return { id, issuedAt: Math.min(issuedAt, now), expiresAt: Math.min(expiresAt, now + MAX_VALIDITY_MS) };
}

async function prune({ stateDir, seen }: Shelf, now: number): Promise<void> {
  for (const folder of await foldersIn(stateDir)) {
    const order = seen.find(folder.job);
    if (order !== null && order.expiresAt + KEEP_FOLDER_MS < now) await forgetJob(folder);
  }
  seen.forgetOld(now);
}

async function foldersIn(stateDir: string): Promise<readonly JobFolder[]> {
  return (await listJobs(stateDir)).map((job) => jobFolder(stateDir, job));
}
