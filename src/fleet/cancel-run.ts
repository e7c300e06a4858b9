import { entriesIn } from './rollout-history.ts';
import type { JobId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { Run } from '../core/run.ts';
import { statusIn, type RunSnapshot } from '../core/run-snapshot.ts';
import { isEnded, type JobState } from '../core/run-state.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { sealReport } from '../trust/sign-report.ts';
import { signCancel } from '../trust/sign-order.ts';
import type { Sender } from './dispatch-run.ts';

export type Cancelled = {
  /** Jobs that no host had begun and now none will. */
  readonly withdrawn: readonly JobId[];
  /** Jobs that a host has accepted, but that still wait for their turn there: it lets none of them begin. */
  readonly waiting: readonly JobId[];
  /** Jobs that have begun, or may have; they stop at their next safe point. */
  readonly stopping: readonly JobId[];
};

export type CancelTarget = {
  readonly snapshot: RunSnapshot;
  readonly candidatesOf: (job: JobState) => readonly HostName[];
};

/**
 * Cancels a run: first the signed mark, which hosts look for before they begin and between phases, then the jobs that
 * still wait are taken out of their queues and reported as cancelled, in the name of a host they were for.
 * @throws ConfigError JOURNAL_UNUSABLE; then nothing is cancelled.
 */
export async function cancelRun(
  broker: ControllerBroker,
  { snapshot, candidatesOf }: CancelTarget,
  sender: Sender,
): Promise<Cancelled> {
  const { run, jobs } = snapshot.state;
  const open = [...jobs.values()].filter((job) => {
    const status = statusIn(snapshot, job);
    return status === 'held' || (status !== 'skipped' && !isEnded(status));
  });
  const { at: issuedAt } = await sender.journal.add(() => ({
    kind: 'cancel',
    run: run.id,
    key: sender.key.id,
    by: sender.by,
  }));
  const mark = signCancel({ fleet: sender.fleet, run: run.id, issuedAt, by: sender.by }, sender.key);
  await broker.setCancelMark(run.id, mark);
  await cancelSteps(broker, run, { sender, issuedAt });
  const held = await heldJobs(broker, run, open);
  const queued = open.filter((job) => !held.includes(job.id));
  const taken = await broker.withdraw(queued.map((job) => ({ job: job.id, to: job.to })));
  const withdrawn = new Set([...held, ...taken]);
  const event = { kind: 'cancelled', message: `by ${sender.by}, before it began` } as const;
  const reports = open.flatMap((job) => {
    const [host] = candidatesOf(job);
    return host === undefined || !withdrawn.has(job.id) ? [] : [{ job: job.id, host, at: issuedAt, event }];
  });
  await Promise.all(reports.map((report) => broker.appendReport(run.id, sealReport(report, sender.key))));
  const begun = Map.groupBy(
    open.filter((job) => !withdrawn.has(job.id)),
    ({ activity }) => activity?.status === 'waiting' && activity.for === 'turn',
  );
  const idsOf = (waits: boolean): readonly JobId[] => (begun.get(waits) ?? []).map((job) => job.id);
  return { withdrawn: [...withdrawn], waiting: idsOf(true), stopping: idsOf(false) };
}

/** What is to be done in any case, once a host has begun its turn, is left to be done. */
async function cancelSteps(
  broker: ControllerBroker,
  { rollout }: Run,
  { sender, issuedAt }: { readonly sender: Sender; readonly issuedAt: number },
): Promise<void> {
  const { fleet, by, key } = sender;
  for (const { run, always } of rollout?.steps ?? []) {
    if (run !== null && !always) await broker.setCancelMark(run, signCancel({ fleet, run, issuedAt, by }, key));
  }
}

/** Jobs that were never given out: with the mark there, nobody gives them out any more. */
async function heldJobs(
  { rollouts }: Pick<ControllerBroker, 'rollouts'>,
  run: Run,
  open: readonly JobState[],
): Promise<readonly JobId[]> {
  if (run.rollout === undefined) return [];
  const entries = entriesIn(await rollouts.history(run.id, null));
  const given = new Set(entries.flatMap((entry) => (entry.kind === 'released' ? entry.hosts : [])));
  return open.flatMap(({ id, to, firstWordAt }) => {
    return to.kind === 'host' && firstWordAt === null && !given.has(to.host) ? [id] : [];
  });
}
