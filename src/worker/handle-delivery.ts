import { digestOf } from '../audit/chain.ts';
import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { CommandError, messageOf, type CelerootError } from '../core/errors.ts';
import { failedOutcome } from '../core/failed-outcome.ts';
import type { Refusal, RefusalCode } from '../core/report.ts';
import { queueNameOf } from '../core/run.ts';
import { admitOrder, type AdmittedOrder, type RejectedOrder } from '../executor/admit-order.ts';
import { jobFolder, type JobFolder } from '../executor/job-folder.ts';
import type { Delivery } from '../queue/broker.ts';
import { quote, refuse, type Refused } from '../trust/dsse.ts';
import { signStatement } from '../trust/host-statement.ts';
import type { Order } from '../trust/order.ts';
import { carryOutUntilSettled } from './carry-out.ts';
import { auditEnd, cancelledBy, describeEnd, endByRefusal, type End } from './job-end.ts';
import { orAbort } from './or-abort.ts';
import { performInline } from './perform-inline.ts';
import { tell } from './tell.ts';
import { watchCancel } from './watch-cancel.ts';
import type { WorkerContext } from './worker-context.ts';

/**
 * Decides what becomes of a delivery. The broker delivers at least once, and may deliver what nobody sent:
 *
 *   not surely an order to this host ───▶ refused: log and refusals stream, never its run
 *   its job is in hand ─────────────────▶ joins that
 *   its job is open in the ledger ──────▶ carried on (carry-out.ts)
 *   its job is settled ─────────────────▶ refused as a replay: log and refusals stream
 *   not admitted ───────────────────────▶ refused or expired; its run is told, settled
 *   cancelled ──────────────────────────▶ its run is told, settled
 *   changes nothing on the host ────────▶ performed here, told, settled
 *   may change the host ────────────────▶ entered into the ledger, carried out
 *
 * What is in the ledger no longer depends on the queue: whatever happens to the delivery, the job is done once.
 * @throws the reason of `leaving` when the worker stops before a job that is not in the ledger is told.
 */
export async function handleDelivery(delivery: Delivery, worker: WorkerContext): Promise<void> {
  const admitted = await admitWithNewestTrust(delivery, worker);
  const order = admitted.ok ? admitted.order : admitted.answerable;
  if (order !== null) return await worker.underWay.once(order.id, () => receive({ delivery, order, admitted }, worker));
  if (!admitted.ok) await publishRefusal(delivery, admitted, worker);
}

type Received = {
  readonly delivery: Delivery;
  /** Surely an order to this host through this queue under this id; `admitted` says whether it may be carried out. */
  readonly order: Order;
  readonly admitted: AdmittedOrder | RejectedOrder;
};

/** A key that is not known here may have become one since the last look at the trust file. */
const MAY_BE_NEW: ReadonlySet<RefusalCode> = new Set(['UNKNOWN_KEY', 'NOT_GRANTED', 'TRUST_EXPIRED', 'TRUST_TOO_OLD']);

async function admitWithNewestTrust(delivery: Delivery, worker: WorkerContext): Promise<AdmittedOrder | RejectedOrder> {
  const judgedBy = worker.trust.current();
  const admitted = await admit(delivery, worker);
  if (admitted.ok || !MAY_BE_NEW.has(admitted.code)) return admitted;
  await orAbort(worker.trust.refresh(worker.broker), worker.leaving);
  // Not only by this look: one that was under way may have brought the newer file.
  return worker.trust.current() === judgedBy ? admitted : await admit(delivery, worker);
}

async function admit({ envelope, ...from }: Delivery, worker: WorkerContext): Promise<AdmittedOrder | RejectedOrder> {
  const { policy, ownersWord, trust, clock, ledger } = worker;
  const now = clock.now();
  const held = { policy, owner: await ownersWord(), trust: trust.current(), from, now, ledgerBirth: ledger.birth };
  const admitted = admitOrder({ ...held, envelope, hasBegun: false });
  const behindMs = ledger.newestIssue() - now;
  if (!admitted.ok || behindMs <= MAX_CLOCK_SKEW_MS) return admitted;
  // Time went back on this host: orders that expired would seem fresh again.
  const message = `this host’s clock is ${Math.round(behindMs / 1000)} s behind an order it has seen before`;
  return { ...refuse('CLOCK_SKEW', message), answerable: admitted.order };
}

async function receive({ delivery, order, admitted }: Received, worker: WorkerContext): Promise<void> {
  const { ledger } = worker;
  switch (ledger.standing(order.id)) {
    case 'open':
      return await carryOutUntilSettled(jobFolder(ledger.stateDir, order.id), worker);
    case 'settled':
      return await publishRefusal(delivery, refuse('REPLAYED', 'this host is through with the order'), worker);
    case 'unknown':
      if (admitted.ok) return await accept(delivery, admitted, worker);
      await publishRefusal(delivery, admitted, worker);
      return await end(order, endByRefusal(admitted), worker);
  }
}

async function accept(delivery: Delivery, admitted: AdmittedOrder, worker: WorkerContext): Promise<void> {
  const { order, task } = admitted;
  worker.log(`accepted ${order.id}: ${task.name} from ${queueNameOf(delivery.queue)}, by ${quote(order.by)}`);
  const unwritten = await writeDown(delivery, admitted, worker);
  worker.leaving.throwIfAborted();
  if (unwritten !== null) return await end(order, { kind: 'done', outcome: failedOutcome(unwritten) }, worker);
  tell(worker.reportsOf(order.id), { kind: 'accepted' });
  if (!task.changesHost) return await end(order, await performHere(admitted, worker), worker);
  const folder = await enter(delivery, admitted, worker);
  if (folder instanceof Error) return await end(order, { kind: 'done', outcome: failedOutcome(folder) }, worker);
  await carryOutUntilSettled(folder, worker);
}

/** What is not in the audit log is not begun; its run shall know. */
async function writeDown(
  { envelope }: Delivery,
  { order, key, also }: AdmittedOrder,
  { audit, journals }: WorkerContext,
): Promise<CelerootError | null> {
  const { id: job, task, by, log, issuedAt } = order;
  try {
    await audit.enter({
      kind: 'accepted',
      job,
      task,
      order: digestOf(envelope),
      key,
      ...(also.length > 0 && { also: [...also] }),
      by,
      log,
    });
  } catch (error) {
    return unkept('write the order into the audit log', audit.path, error);
  }
  const was = log === null ? null : journals.take({ ...log, issuedAt, key });
  if (log !== null && was !== null) await audit.note({ kind: 'journal-went-back', job, was, came: log });
  return null;
}

/** On a full disk a job cannot be kept and so is not begun; its run shall know. */
async function enter(
  delivery: Delivery,
  { order }: AdmittedOrder,
  worker: WorkerContext,
): Promise<JobFolder | CelerootError> {
  try {
    return await worker.ledger.enter(order.id, delivery.envelope);
  } catch (error) {
    return unkept('enter the job into the ledger', worker.ledger.stateDir, error);
  }
}

function unkept(what: string, place: string, cause: unknown): CelerootError {
  return new CommandError('STATE_UNUSABLE', `cannot ${what}: ${messageOf(cause)}`, {
    hint: `check the disk of ${place} on the host: df -h -i`,
    cause,
  });
}

async function performHere(admitted: AdmittedOrder, worker: WorkerContext): Promise<End> {
  const { id } = admitted.order;
  using cancel = watchCancel(id, worker);
  await orAbort(cancel.firstLook, worker.leaving);
  const by = cancel.by();
  if (by !== null) return cancelledBy(by);
  return { kind: 'done', outcome: await performInline(admitted, worker) };
}

/** Ends a job that has no folder. The order is remembered as seen, so that what its run was told stays true. */
async function end(order: Order, how: End, worker: WorkerContext): Promise<void> {
  worker.log(`ended ${order.id}: ${describeEnd(how)}`);
  await worker.audit.note({ kind: 'ended', job: order.id, ...auditEnd(how) });
  await worker.reportsOf(order.id)(how);
  await worker.ledger.settle(order);
}

/** Anybody who can write to the broker can cause this, so what it publishes is bounded. */
async function publishRefusal(delivery: Delivery, { code, message }: Refused, worker: WorkerContext): Promise<void> {
  const queue = queueNameOf(delivery.queue);
  const job = delivery.job.slice(0, 128);
  worker.log(`refused ${quote(job)} from ${queue}: ${code}: ${message}`);
  await worker.audit.noteRefusal({ job, code, envelope: delivery.envelope });
  worker.leaving.throwIfAborted();
  const { fleet, host } = worker.policy;
  const said: Refusal = { at: worker.clock.now(), queue, job, code, message };
  await worker.broker.refuse(host, signStatement('refusal', { fleet, host, said }, worker.hostKey.current()));
}
