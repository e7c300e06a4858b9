import type { Clock } from '../core/clock.ts';
import { ConnectionError } from '../core/errors.ts';
import { jobIdFor, makeRunId, type RunId } from '../core/ids.ts';
import type { FleetName } from '../core/names.ts';
import type { RolloutStep } from '../core/rollout.ts';
import type { Run } from '../core/run.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { ControllerBroker, Release } from '../queue/broker.ts';
import type { RolloutBroker } from '../queue/rollout-broker.ts';
import type { SigningKey } from '../trust/key.ts';
import type { JournalHead } from '../core/chain-head.ts';
import type { Order } from '../trust/order.ts';
import { sealRun } from '../trust/run-record.ts';
import { signOrder } from '../trust/sign-order.ts';
import { runIdOfStep } from '../trust/standing-order.ts';
import { type FiredSlot, type RunSlot, slotOf } from './fired-slot.ts';
import { runEvent } from './journal-run.ts';
import type { Journal } from './journal.ts';
import type { Assignment, PreparedRun } from './prepare-run.ts';
import { isRolled, overAt } from './rolled-run.ts';
import { publishTrust } from './publish-trust.ts';
import type { SignedTrust } from './trust-on-disk.ts';

/** Who sends orders, and with what. */
export type Sender = {
  readonly fleet: FleetName;
  readonly key: SigningKey;
  readonly trust: SignedTrust;
  readonly journal: Journal;
  readonly by: string;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
};

/** A run with its signed record and orders, ready to go, and the trust file that the hosts will hold them against. */
export type SignedRun = {
  readonly run: Run;
  readonly record: SignedByKey;
  readonly orders: readonly Release[];
  readonly trust: SignedTrust;
  /** The runs that its steps are jobs of. */
  readonly steps: readonly SignedRun[];
};

/**
 * Gives the run its id, which for a slot is always the same, writes it into the journal and signs one order per job,
 * which says how far the journal went. Nothing leaves this machine yet. A slot is fired with a standing order or, by an
 * operator, without.
 * @throws ConfigError JOURNAL_UNUSABLE, and RejectedError when the arguments are too long for an order.
 */
export async function signRun(
  prepared: PreparedRun,
  sender: Sender,
  slot: FiredSlot | RunSlot | null = null,
): Promise<SignedRun> {
  const { signed, rollout } = await signRollout(prepared, sender);
  const { key, by, journal } = sender;
  const fires = slot !== null && 'standing' in slot ? slot : null;
  const place = slot !== null && 'standing' in slot ? slotOf(slot) : slot;
  const id =
    place === null ? makeRunId(sender.clock.now(), sender.randomBytes(10)) : runIdOfStep(sender.fleet, place, place.at);
  const { at: createdAt, log } = await journal.add(() => runEvent(id, prepared, { key: key.id, by }));
  const orders = prepared.assignments.map((assignment) =>
    makeOrder({ run: id, issuedAt: createdAt, log, fires }, { prepared, assignment, sender }),
  );
  const run: Run = {
    id,
    task: prepared.task.name,
    args: prepared.args,
    dryRun: prepared.dryRun,
    target: prepared.target,
    jobs: orders.map(({ id: job, to, expectedPlan }, index) => ({
      id: job,
      to,
      ...(expectedPlan === null ? {} : { plan: expectedPlan }),
      ...(to.kind === 'host' ? {} : { candidates: [...(prepared.assignments[index]?.candidates ?? [])] }),
    })),
    createdAt,
    expiresAt: createdAt + prepared.expiresInMs,
    deadlineMs: prepared.deadlineMs,
    by: sender.by,
    follows: prepared.follows,
    ...rollout,
    ...(place === null ? {} : { slot: place }),
  };
  const releases = orders.map((order) => ({ job: order.id, to: order.to, envelope: signOrder(order, sender.key) }));
  return { run, record: sealRun(sender.fleet, run, sender.key), orders: releases, trust: sender.trust, steps: signed };
}

/**
 * Sees that hosts can get the trust file, stores the record, so that no report can come for a run nobody knows, then
 * queues the orders; those of a roll-out are kept until whoever drives it gives them out.
 * @throws ConnectionError that says how many hosts have their orders when Redis goes away in between; `celeroot` is how
 * to call this celeroot then.
 */
export async function submitRun(
  broker: Pick<ControllerBroker, 'saveRun' | 'release' | 'shownTrust' | 'trustOf' | 'publishTrust'> & {
    readonly rollouts: Pick<RolloutBroker, 'keepOrders' | 'saveStep' | 'announce'>;
  },
  { run, record, orders, trust, steps }: SignedRun,
  celeroot: string,
): Promise<void> {
  await publishTrust(broker, trust);
  if (isRolled(run)) {
    // In this order: a run that can be found can be driven.
    for (const step of steps) {
      await broker.rollouts.keepOrders(step.run.id, step.orders);
      await broker.rollouts.saveStep(step.run.id, step.record);
    }
    await broker.rollouts.keepOrders(run.id, orders);
    await broker.rollouts.announce(run.id, overAt(run));
    await broker.saveRun(run, record);
    return;
  }
  await broker.saveRun(run, record);
  let queued = 0;
  try {
    await broker.release(orders, (count) => {
      queued = count;
    });
  } catch (error) {
    throw error instanceof ConnectionError ? partlySent(error, { run, queued, celeroot }) : error;
  }
}

type SignedRollout = { readonly signed: readonly SignedRun[]; readonly rollout: Pick<Run, 'rollout'> };

/** How the run proceeds, and the runs of its steps. A dry run changes nothing anywhere, so it needs none of that. */
async function signRollout({ rollout, steps, dryRun }: PreparedRun, sender: Sender): Promise<SignedRollout> {
  if (rollout === null || dryRun) return { signed: [], rollout: {} };
  const signed: SignedRun[] = [];
  const named: RolloutStep[] = [];
  for (const { step, run, as = null } of steps) {
    const other = run === null ? null : await signRun(run, sender, as);
    if (other !== null) signed.push(other);
    named.push({ ...step, run: other?.run.id ?? null });
  }
  return { signed, rollout: { rollout: named.length === 0 ? rollout : { ...rollout, steps: named } } };
}

type PartlySent = { readonly run: Run; readonly queued: number; readonly celeroot: string };

function partlySent(error: ConnectionError, { run, queued, celeroot }: PartlySent): ConnectionError {
  const sent = `run ${run.id} was sent to at least ${queued} of its ${run.jobs.length} hosts`;
  const again = `when Redis is back:  ${celeroot} runs show ${run.id},  or  ${celeroot} runs cancel ${run.id}`;
  return new ConnectionError(error.code, `${sent}, then: ${error.message}`, {
    hint: error.hint === undefined ? again : `${error.hint}\n${again}`,
    cause: error,
    details: { run: run.id, queued },
  });
}

type OrderParts = { readonly prepared: PreparedRun; readonly assignment: Assignment; readonly sender: Sender };

type OrderPlace = {
  readonly run: RunId;
  readonly issuedAt: number;
  readonly log: JournalHead;
  readonly fires: FiredSlot | null;
};

function makeOrder({ run, issuedAt, log, fires }: OrderPlace, { prepared, assignment, sender }: OrderParts): Order {
  const { to } = assignment;
  return {
    fleet: sender.fleet,
    id: jobIdFor(run, to.kind === 'host' ? to.host : null),
    run,
    to,
    trust: sender.trust.trust.version,
    issuedAt,
    expiresAt: Math.min(issuedAt + prepared.expiresInMs, assignment.until ?? Infinity),
    task: prepared.task.name,
    args: { ...prepared.args, ...assignment.args },
    dryRun: prepared.dryRun,
    exclude: [...assignment.exclude],
    expectedPlan: assignment.expectedPlan,
    deadlineMs: prepared.deadlineMs,
    by: sender.by,
    log,
    ...(fires === null ? {} : { firing: { request: fires.request, slot: fires.slot } }),
  };
}
