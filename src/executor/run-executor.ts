import type { Clock } from '../core/clock.ts';
import { RejectedError } from '../core/errors.ts';
import { jobIdSchema } from '../core/ids.ts';
import type { OwnersWord } from '../core/owner-policy.ts';
import { admitOrder } from './admit-order.ts';
import { executeJob, type JobPlan } from './execute-job.ts';
import { OWNER_POLICY_FILE, readHostPolicy } from './host-policy.ts';
import { readHostTrust } from './host-trust.ts';
import { jobFolder, readOrder, type JobFolder, type Started } from './job-folder.ts';
import { readLedgerBirth } from './ledger-birth.ts';

export type ExecutorOptions = {
  readonly stateDir: string;
  readonly job: string;
  readonly clock: Clock;
  readonly ownersWordIn: (file: string) => Promise<OwnersWord>;
};

const LOCK_TIMEOUT_MS = 600_000;

/**
 * The whole life of an executor process, which launch-executor.ts starts. It trusts nothing but the signed order, the
 * host's policy and its owner's, and the order is judged by when the job first began: one that expired in mid-job is finished.
 */
export async function runExecutor({ stateDir, job, clock, ownersWordIn }: ExecutorOptions): Promise<void> {
  const folder = jobFolder(stateDir, jobIdSchema.parse(job));
  await executeJob(folder, async (started) => await admit(folder, started, ownersWordIn), {
    clock,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
  });
}

async function admit(
  folder: JobFolder,
  { attempt, firstAt }: Started,
  ownersWordIn: ExecutorOptions['ownersWordIn'],
): Promise<JobPlan> {
  const policy = await readHostPolicy(folder.stateDir);
  const admitted = admitOrder({
    envelope: await readOrder(folder),
    policy,
    owner: await ownersWordIn(policy.ownerPolicy ?? OWNER_POLICY_FILE),
    trust: await readHostTrust(folder.stateDir, policy),
    from: null,
    now: firstAt,
    hasBegun: attempt > 1,
    // Without a birth nobody can say what was done before.
    ledgerBirth: (await readLedgerBirth(folder.stateDir)) ?? Number.MAX_SAFE_INTEGER,
  });
  if (!admitted.ok) throw new RejectedError('ORDER_REFUSED', `${admitted.code}: ${admitted.message}`);
  const { order, task, args, context } = admitted;
  if (order.id !== folder.job) throw new RejectedError('ORDER_REFUSED', `the order is that of job ${order.id}`);
  return { work: task.perform(args, context), dryRun: order.dryRun, deadlineMs: order.deadlineMs };
}
