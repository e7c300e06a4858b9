import { RejectedError } from '../core/errors.ts';
import type { ControllerBroker, ShownTrust } from '../queue/broker.ts';
import type { Trust } from '../trust/trust-file.ts';
import { verifyTrust } from '../trust/verify-trust.ts';
import type { SignedTrust } from './trust-on-disk.ts';

type TrustShelf = Pick<ControllerBroker, 'shownTrust' | 'trustOf' | 'publishTrust'>;

/** What Redis has now. `another` is of the same version and signed as well: two controllers made it at once. */
export type Published = {
  readonly version: number;
  readonly which: 'ours' | 'another' | 'newer';
  /** A version that Redis claimed and that our roots have not signed; null for none. */
  readonly unsigned?: number | null;
};

/** Each look after the first is for another change that came between a look and what was written. */
const MOST_LOOKS = 20;

/**
 * Gives hosts the controller's trust file, unless Redis has another that follows from its roots. Hosts that are on have
 * taken it within half a minute, and sooner when an order needs it. What Redis says of versions that nobody signed counts
 * for nothing: whoever can write there once could prevent each later revocation by it.
 * @throws RejectedError TRUST_OVERTAKEN when what is there changes with every look.
 */
export async function publishTrust(broker: TrustShelf, { trust, envelope }: SignedTrust): Promise<Published> {
  const { version } = trust;
  for (let look = 1; look <= MOST_LOOKS; look += 1) {
    const shown = await broker.shownTrust();
    if (shown.version === version && shown.envelope === envelope) return { version, which: 'ours' };
    const which = await whoseStays(broker, trust, shown);
    if (which !== null) return { version: shown.version ?? version, which };
    if (await broker.publishTrust({ version, envelope }, shown)) {
      const isLater = shown.version !== null && shown.version >= version;
      return { version, which: 'ours', unsigned: isLater ? shown.version : null };
    }
  }
  throw new RejectedError(
    'TRUST_OVERTAKEN',
    `Redis had another trust file at each of ${MOST_LOOKS} looks: version ${version} is not published`,
    { hint: 'find out who else writes to this Redis; then:  celeroot keys publish' },
  );
}

/** What is shown stays where our roots have it that hosts obey it; null where it does not. */
async function whoseStays(
  broker: Pick<TrustShelf, 'trustOf'>,
  trust: Trust,
  { version, envelope }: ShownTrust,
): Promise<'newer' | 'another' | null> {
  if (version === null || version < trust.version) return null;
  if (version > trust.version) return (await follows(broker, trust, version)) ? 'newer' : null;
  return envelope !== null && isSignedBy(envelope, trust) ? 'another' : null;
}

/** What an operator should know of what stood in the way; null for nothing. */
export function warningOf({ unsigned = null }: Published): string | null {
  if (unsigned === null) return null;
  return `Redis claimed a version ${unsigned} of the trust file that this fleet’s root keys have not signed, and now has ours: somebody else writes there, or another fleet uses it without an  environment:  of its own`;
}

/** @throws RejectedError TRUST_OVERTAKEN where a change that was just made is not what hosts get. */
export function requireOurs({ which, version }: Published, { trust }: SignedTrust): void {
  if (which === 'ours') return;
  const what = which === 'newer' ? `version ${version}` : `another version ${version}`;
  throw new RejectedError(
    'TRUST_OVERTAKEN',
    `hosts have ${what} of the trust file, from another controller: version ${trust.version} of this one counts for nothing`,
    { hint: 'take theirs:  celeroot keys fetch ; then make the change again', details: { version } },
  );
}

/** Versions before the newest that may have replaced the roots. */
const MOST_STEPS = 100;
/** Whether a time is right is for who obeys it. */
const ANY_TIME = Number.MAX_SAFE_INTEGER;

/** Whether the roots of this version have signed the newest, or those that replaced them, from version to version. */
async function follows(broker: Pick<TrustShelf, 'trustOf'>, trust: Trust, newest: number): Promise<boolean> {
  const before = Math.min(newest - 1, MOST_STEPS);
  let known: Trust = { ...trust, version: 0 };
  for (const steps of [0, ...Array.from({ length: before }, (_, index) => before - index), 0]) {
    const envelope = await broker.trustOf(newest - steps);
    if (envelope === null) continue;
    const verified = verifyTrust(envelope, { fleet: trust.fleet, pinned: trust.roots, known, now: ANY_TIME });
    if (verified.ok) known = verified.trust;
    if (known.version === newest) return true;
  }
  return false;
}

function isSignedBy(envelope: string, { fleet, roots, version }: Trust): boolean {
  const verified = verifyTrust(envelope, { fleet, pinned: roots, known: null, now: ANY_TIME });
  return verified.ok && verified.trust.version === version;
}
