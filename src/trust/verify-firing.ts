import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import type { HostName, RoleName } from '../core/names.ts';
import { wordsCover } from './authority.ts';
import { openEnvelope, refuse, type Refused } from './dsse.ts';
import { isoTime } from './iso-time.ts';
import type { Firing, Order } from './order.ts';
import { runIdOfStep, STANDING_ORDER_TYPE, standingOrderSchema, type StandingOrder } from './standing-order.ts';

export type OpenedStanding =
  | { readonly ok: true; readonly standing: StandingOrder; /** The operators. */ readonly signedBy: readonly string[] }
  | Refused;

/** Reads a standing order that keys of these have signed, one or two of them. Never throws. */
export function openStandingOrder(envelope: string, known: readonly string[]): OpenedStanding {
  const opened = openEnvelope(envelope, STANDING_ORDER_TYPE, { known, most: 2 });
  if (!opened.ok) return refuse(opened.code, `the standing order: ${opened.message}`);
  const parsed = standingOrderSchema.safeParse(opened.payload);
  if (!parsed.success) return refuse('MALFORMED', 'the standing order does not fit the form this worker knows');
  return { ok: true, standing: parsed.data, signedBy: opened.signedBy };
}

export type Fired = {
  readonly order: Order;
  readonly firing: Firing;
  readonly standing: StandingOrder;
  readonly ledgerBirth: number;
};

/**
 * Whether an order is what a standing order lets a scheduler give for a slot: its id, its task, arguments and limits, in
 * time. What it keeps out of upgrades may be more, and it may end sooner, since that can only make it do less. Null when
 * it is.
 */
export function checkFiring(fired: Fired): Refused | null {
  return checkSlot(fired) ?? checkContent(fired);
}

/** Whether a host is meant, by its own name and roles; null when it is. */
export function checkMeant(
  { to }: StandingOrder,
  host: { readonly name: HostName; readonly roles: readonly RoleName[] },
): Refused | null {
  if (wordsCover(to.hosts, host) && !wordsCover(to.except, host)) return null;
  return refuse('NOT_REQUESTED', `the standing order is not for ${host.name}, but for ${to.hosts.join(', ')}`);
}

function checkSlot({ order, firing: { slot }, standing, ledgerBirth }: Fired): Refused | null {
  const { schedule, slots, notBefore, notAfter, limits } = standing;
  if (order.run !== runIdOfStep(order.fleet, standing, slot)) {
    return refuse('MALFORMED', `the id ${order.id} does not follow from ${schedule} and the slot ${isoTime(slot)}`);
  }
  if ((slot - slots.anchor) % slots.everyMs !== 0 || slot < notBefore || slot >= notAfter) {
    const period = `${isoTime(notBefore)} to ${isoTime(notAfter)}`;
    return refuse('SLOT_OUTSIDE', `the slot ${isoTime(slot)} is none of ${schedule}, which has those from ${period}`);
  }
  const lateMs = order.issuedAt - slot;
  if (lateMs < -MAX_CLOCK_SKEW_MS || lateMs > limits.lateMs) {
    const when = isoTime(order.issuedAt);
    return refuse('SLOT_OUTSIDE', `the order for ${isoTime(slot)} was given at ${when}, too far from that`);
  }
  if (slot >= ledgerBirth) return null;
  const begins = isoTime(ledgerBirth);
  return refuse('BEFORE_LEDGER', `the slot ${isoTime(slot)} is before the ledger, which begins at ${begins}`);
}

function checkContent({ order, standing }: Fired): Refused | null {
  const { limits } = standing;
  const differs = Object.entries({
    fleet: order.fleet !== standing.fleet,
    task: order.task !== standing.task,
    args: JSON.stringify(order.args) !== JSON.stringify(standing.args),
    dryRun: order.dryRun !== standing.dryRun,
    expiry: order.expiresAt - order.issuedAt > limits.expiresInMs,
    deadline: order.deadlineMs !== limits.deadlineMs,
    plan: order.expectedPlan !== null,
    target: order.to.kind === 'any',
  }).flatMap(([what, isOther]) => (isOther ? [what] : []));
  if (differs.length === 0) return null;
  return refuse('NOT_REQUESTED', `another ${differs.join(', ')} than in the standing order of ${standing.schedule}`);
}
