import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, messageOf } from '../core/errors.ts';
import { failedOutcome } from '../core/failed-outcome.ts';
import type { ReportSink } from '../core/report.ts';
import { admitOrder, type AdmittedOrder, type RejectedOrder } from '../executor/admit-order.ts';
import { followJob } from '../executor/follow-job.ts';
import { jobState, markCancelled, readOrder, readStarted, type JobFolder } from '../executor/job-folder.ts';
import { launchExecutor } from '../executor/launch-executor.ts';
import { MAX_VALIDITY_MS } from '../trust/verify-order.ts';
import { auditEnd, cancelledBy, describeEnd, endByRefusal, type End } from './job-end.ts';
import { orAbort } from './or-abort.ts';
import { answerAtOnce } from './perform-inline.ts';
import { tell } from './tell.ts';
import { watchCancel, type CancelWatch } from './watch-cancel.ts';
import type { WorkerContext } from './worker-context.ts';

/** A job whose executor dies again and again is not begun for ever: something on the host kills it. */
const MAX_ATTEMPTS = 6;

/** Between attempts when something other than the job stands in the way, such as a full disk. */
const RETRY_MS = 10_000;

type Job = { readonly folder: JobFolder; readonly report: ReportSink; readonly cancel: CancelWatch };

/**
 * Takes a job of the ledger from wherever it is to its end, tells that, and settles the job:
 *
 *   fresh ───────▶ its turn ─▶ cancelled, expired or nothing to do ───────────────┐
 *                     └──────▶ executor started ─▶ followed ─▶ finished ──────────┼─▶ told ─▶ settled
 *   running ─────▶ its turn ──────────────────────────▲ └─▶ interrupted ─┐        │
 *   interrupted ─▶ its turn ─▶ executor started again ┘◀─────────────────┘        │
 *   finished ─────────────────────────────────────────────────────────────────────┘
 *
 * Everything it decides by is in the job's folder, so another worker can go on from any point. Told comes before
 * settled: after a crash between the two the end is told again, which readers of the run ignore.
 * When the worker stops before the end, it returns and the next worker goes on. Never throws.
 */
export async function carryOutUntilSettled(folder: JobFolder, worker: WorkerContext): Promise<void> {
  const told = await insist(folder, worker, async () => await carryOut(folder, worker));
  // By itself, since what was told must stay true: a job that cannot be settled is not gone through again.
  if (told) await insist(folder, worker, async () => await settle(folder, worker));
}

/** Tries until it succeeds; false when the worker stops before that. */
async function insist(folder: JobFolder, worker: WorkerContext, action: () => Promise<void>): Promise<boolean> {
  for (;;) {
    try {
      await action();
      return true;
    } catch (error) {
      if (worker.draining.aborted) {
        worker.log(`left ${folder.job}: the next worker goes on with it`);
        return false;
      }
      worker.log(`${folder.job}: ${messageOf(error)}; trying again in ${RETRY_MS / 1000} s`);
    }
    await sleep(RETRY_MS, undefined, { signal: worker.draining }).catch(() => undefined);
  }
}

/**
 * From wherever the job is until its end is told.
 * @throws the reason of `draining` or `leaving` when the worker stops before that.
 */
async function carryOut(folder: JobFolder, worker: WorkerContext): Promise<void> {
  using cancel = watchCancel(folder.job, worker);
  const job = { folder, cancel, report: worker.reportsOf(folder.job) };
  const end = await reachEnd(job, worker);
  worker.log(`ended ${folder.job}: ${describeEnd(end)}`);
  await worker.audit.note({ kind: 'ended', job: folder.job, ...auditEnd(end) });
  await job.report(end);
}

async function reachEnd(job: Job, worker: WorkerContext): Promise<End> {
  switch (jobState(job.folder)) {
    case 'fresh':
      return await reachEndFromStart(job, worker);
    case 'running':
    case 'interrupted': {
      using _turn = await takeTurn(job, worker, worker.leaving);
      return await followToEnd(job, worker);
    }
    case 'finished':
      return await followToEnd(job, worker);
  }
}

/**
 * Until its executor is started a job can be called off, and everything about its order is asked once more. A worker
 * that was killed may have started one that begins only now.
 */
async function reachEndFromStart(job: Job, worker: WorkerContext): Promise<End> {
  using turn = await turnUnlessCancelled(job, worker);
  if (turn === null) return await callOff(job, worker);
  if (jobState(job.folder) !== 'fresh') return await followToEnd(job, worker);
  const admitted = await readmit(job.folder, worker);
  if (!admitted.ok) return endByRefusal(admitted);
  const outcome = await answerAtOnce(admitted, worker.leaving);
  if (outcome !== null) return { kind: 'done', outcome };
  try {
    await worker.audit.enter({ kind: 'begun', job: job.folder.job });
    await start(job, worker);
  } catch (error) {
    return { kind: 'done', outcome: failedOutcome(error) };
  }
  return await followToEnd(job, worker);
}

/** The mark comes first: an executor that begins after the look finds it, and stops before it does anything. */
async function callOff(job: Job, worker: WorkerContext): Promise<End> {
  await worker.audit.note({ kind: 'cancel-honoured', job: job.folder.job, by: job.cancel.by() ?? 'nobody' });
  await markCancelled(job.folder);
  if (jobState(job.folder) !== 'fresh') return await reachEnd(job, worker);
  return cancelledBy(job.cancel.by() ?? 'nobody');
}

async function turnUnlessCancelled(job: Job, worker: WorkerContext): Promise<Disposable | null> {
  const callOff = AbortSignal.any([worker.draining, job.cancel.found]);
  try {
    await orAbort(job.cancel.firstLook, callOff);
    return await takeTurn(job, worker, callOff);
  } catch (error) {
    if (job.cancel.by() !== null) return null;
    throw error;
  }
}

async function takeTurn(
  { folder, report }: Job,
  { turn, log }: WorkerContext,
  signal: AbortSignal,
): Promise<Disposable> {
  return await turn.take(folder.job, {
    signal,
    onWaiting: (holder) => {
      log(`waiting ${folder.job}: ${holder} is at work`);
      tell(report, { kind: 'waiting', for: 'turn', holder });
    },
  });
}

async function start({ folder }: Job, { self, log }: WorkerContext): Promise<void> {
  log(`started ${folder.job}`);
  await launchExecutor(folder, self);
}

/** Follows the executor, and starts another for as long as one dies before the job is finished. */
async function followToEnd(job: Job, worker: WorkerContext): Promise<End> {
  const { folder, report } = job;
  using _passing = passOnCancel(job, worker);
  for (;;) {
    const outcome = await followJob(folder, noteRecovery(job, worker), worker.leaving);
    if (outcome === 'interrupted' || outcome.status !== 'planned') worker.onHostChanged();
    if (outcome !== 'interrupted') return { kind: 'done', outcome };
    const attempts = readStarted(folder)?.attempt ?? 0;
    if (attempts >= MAX_ATTEMPTS) return { kind: 'done', outcome: failedOutcome(gaveUp(folder, attempts)) };
    worker.log(`interrupted ${folder.job}: its executor is gone without an outcome`);
    await worker.audit.note({ kind: 'begun-again', job: folder.job, attempt: attempts + 1 });
    tell(report, { kind: 'interrupted', message: 'the executor is gone; another one takes over' });
    await start(job, worker);
  }
}

/** Also writes down that dpkg is being repaired. */
function noteRecovery({ folder, report }: Job, { audit }: WorkerContext): ReportSink {
  return async (event) => {
    if (event.kind === 'phase' && event.phase === 'recovering') {
      await audit.note({ kind: 'recovering', job: folder.job });
    }
    await report(event);
  };
}

function gaveUp({ files }: JobFolder, attempts: number): CommandError {
  return new CommandError('EXECUTOR_DIED', `the executor died ${attempts} times`, {
    hint: `see ${files.log} on the host, and: journalctl -k | grep -i oom; then check with: dpkg --audit`,
  });
}

/** The executor looks for the mark at its safe points. */
function passOnCancel({ folder, cancel }: Job, { log, audit }: WorkerContext): Disposable {
  const pass = (): void => {
    log(`cancel ${folder.job}: by ${cancel.by()}, at its next safe point`);
    void audit.note({ kind: 'cancel-honoured', job: folder.job, by: cancel.by() ?? 'nobody' });
    void markCancelled(folder).catch((error: unknown) => log(`cannot cancel ${folder.job}: ${messageOf(error)}`));
  };
  if (cancel.found.aborted) pass();
  else cancel.found.addEventListener('abort', pass, { once: true });
  return { [Symbol.dispose]: () => cancel.found.removeEventListener('abort', pass) };
}

/** Checks the order as the ledger has it. */
async function readmit(folder: JobFolder, worker: WorkerContext): Promise<AdmittedOrder | RejectedOrder> {
  const { policy, ownersWord, trust, clock, ledger } = worker;
  const envelope = await readOrder(folder);
  const held = { policy, owner: await ownersWord(), trust: trust.current(), from: null };
  return admitOrder({ ...held, now: clock.now(), ledgerBirth: ledger.birth, envelope, hasBegun: false });
}

async function settle(folder: JobFolder, worker: WorkerContext): Promise<void> {
  const admitted = await readmit(folder, worker);
  const order = admitted.ok ? admitted.order : admitted.answerable;
  // An order whose signer is trusted no longer has no expiry we could believe; no order is valid for longer than this.
  await worker.ledger.settle(order ?? { id: folder.job, issuedAt: 0, expiresAt: worker.clock.now() + MAX_VALIDITY_MS });
}
