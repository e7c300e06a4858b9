import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { jobIdFor, type RunId } from '../core/ids.ts';
import type { FleetName, HostName } from '../core/names.ts';
import { queueNameOf, type Destination } from '../core/run.ts';
import { openEnvelope, quote, refuse, type Refused } from './dsse.ts';
import { isoTime } from './iso-time.ts';
import { CANCEL_TYPE, cancelSchema, ORDER_TYPE, orderSchema, type Cancel, type Order } from './order.ts';
import type { StandingOrder } from './standing-order.ts';
import type { Trust } from './trust-file.ts';
import { checkFiring, openStandingOrder } from './verify-firing.ts';

export const MAX_VALIDITY_MS = 7 * 24 * 3_600_000;

/** Who reads an order, where it was found, and when. */
export type Expected = {
  readonly fleet: FleetName;
  readonly host: HostName;
  /** The queue it came through; null when it is read from the job's own folder. */
  readonly queue: Destination | null;
  /** The id it came under; null as above. */
  readonly job: string | null;
  readonly trust: Trust;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** When the ledger of this host was begun: what it saw before is not known. */
  readonly ledgerBirth: number;
};

export type VerifiedOrder =
  | {
      readonly ok: true;
      readonly order: Order;
      /** Whose signatures the order bears; the first is who gave it. */
      readonly signedBy: readonly string[];
      /** What the order fires, and the operators who have signed that; null when operators gave the order themselves. */
      readonly fires: { readonly standing: StandingOrder; readonly signedBy: readonly string[] } | null;
    }
  | (Refused & {
      /**
       * The order, when it is certain that it was given to this host under this id: then its run may be told of the
       * refusal. Null otherwise, since a copied or forged order must not be able to speak for a real one.
       */
      readonly answerable: Order | null;
    });

/**
 * Reads an order and says whether this host may act on it: size, form, type, key, signature, fleet, host, queue, id,
 * version of the trust file, time, age of the ledger, and the same of the standing order that a scheduler fires. Whether
 * the keys may ask for it is for authority.ts. The first check that fails decides, and nothing is believed before its
 * signature held. Never throws.
 */
export function verifyOrder(envelope: string, expect: Expected): VerifiedOrder {
  const opened = openEnvelope(envelope, ORDER_TYPE, { known: keysOf(expect.trust), most: 2 });
  if (!opened.ok) return { ...opened, answerable: null };
  const parsed = orderSchema.safeParse(opened.payload);
  if (!parsed.success) {
    return { ...refuse('MALFORMED', 'the signed order does not fit the form this worker knows'), answerable: null };
  }
  const order = parsed.data;
  const foreign = checkAddress(order, expect);
  if (foreign !== null) return { ...foreign, answerable: null };
  const untimely = checkTrustVersion(order, expect.trust) ?? checkTime(order, expect);
  if (untimely !== null) return { ...untimely, answerable: order };
  const fires = verifyFiring(order, opened.signedBy, expect);
  if (fires !== null && !fires.ok) return { ...fires, answerable: order };
  return { ok: true, order, signedBy: opened.signedBy, fires };
}

type VerifiedFiring = Extract<VerifiedOrder, { ok: true }>['fires'] & { readonly ok: true };

function verifyFiring(order: Order, signedBy: readonly string[], expect: Expected): VerifiedFiring | Refused | null {
  const { firing } = order;
  if (firing === undefined) return null;
  if (signedBy.length > 1) return refuse('MALFORMED', 'one scheduler fires a standing order');
  const opened = openStandingOrder(firing.request, keysOf(expect.trust));
  if (!opened.ok) return opened;
  return checkFiring({ order, firing, standing: opened.standing, ledgerBirth: expect.ledgerBirth }) ?? opened;
}

export type VerifiedCancel = { readonly ok: true; readonly cancel: Cancel; readonly key: string } | Refused;

/**
 * Reads the mark that cancels a run. Its time is not checked: an old or early wish to stop is still that wish, and the
 * run it names is done at most once. Never throws.
 */
export function verifyCancel(
  envelope: string,
  expect: { readonly fleet: FleetName; readonly run: RunId; readonly trust: Trust },
): VerifiedCancel {
  const opened = openEnvelope(envelope, CANCEL_TYPE, { known: keysOf(expect.trust), most: 1 });
  if (!opened.ok) return opened;
  const parsed = cancelSchema.safeParse(opened.payload);
  if (!parsed.success) return refuse('MALFORMED', 'the signed mark does not fit the form this worker knows');
  const cancel = parsed.data;
  if (cancel.fleet !== expect.fleet) return refuse('WRONG_FLEET', `for fleet ${cancel.fleet}, this is ${expect.fleet}`);
  if (cancel.run !== expect.run) return refuse('WRONG_QUEUE', `for run ${cancel.run}, found at ${expect.run}`);
  return { ok: true, cancel, key: opened.signedBy[0] ?? '' };
}

function keysOf(trust: Trust): readonly string[] {
  return trust.grants.map((grant) => grant.key);
}

function checkTrustVersion({ trust }: Order, known: Trust): Refused | null {
  if (trust <= known.version) return null;
  return refuse('TRUST_TOO_OLD', `the order wants version ${trust} of the trust file, this host has ${known.version}`);
}

function checkAddress(order: Order, expect: Expected): Refused | null {
  const { to } = order;
  if (order.fleet !== expect.fleet) return refuse('WRONG_FLEET', `for fleet ${order.fleet}, this is ${expect.fleet}`);
  if (to.kind === 'host' && to.host !== expect.host) {
    return refuse('WRONG_HOST', `for host ${to.host}, this is ${expect.host}`);
  }
  if (order.id !== jobIdFor(order.run, to.kind === 'host' ? to.host : null)) {
    return refuse('MALFORMED', `the id ${order.id} does not follow from run and destination`);
  }
  if (expect.queue !== null && queueNameOf(to) !== queueNameOf(expect.queue)) {
    return refuse('WRONG_QUEUE', `for queue ${queueNameOf(to)}, found in ${queueNameOf(expect.queue)}`);
  }
  if (expect.job !== null && order.id !== expect.job) {
    return refuse('WRONG_QUEUE', `for job ${order.id}, found as ${quote(expect.job)}`);
  }
  return null;
}

function checkTime(order: Order, expect: Expected): Refused | null {
  const { issuedAt, expiresAt } = order;
  const validity = expiresAt - issuedAt;
  if (validity <= 0 || validity > MAX_VALIDITY_MS) {
    return refuse('MALFORMED', 'the order must expire after it was issued, within seven days');
  }
  const early = issuedAt - expect.now;
  if (early > MAX_CLOCK_SKEW_MS) {
    return refuse('CLOCK_SKEW', `issued ${Math.round(early / 1000)} s in the future of this host’s clock`);
  }
  if (expect.now >= expiresAt) return refuse('EXPIRED', `expired at ${isoTime(expiresAt)}`);
  if (issuedAt < expect.ledgerBirth) {
    return refuse(
      'BEFORE_LEDGER',
      `issued at ${isoTime(issuedAt)}, the ledger begins at ${isoTime(expect.ledgerBirth)}`,
    );
  }
  return null;
}
