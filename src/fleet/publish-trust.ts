import type { FleetConfig } from '../config/fleet-config.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { verifyTrust } from '../trust/verify-trust.ts';
import type { SignedTrust } from './trust-on-disk.ts';

/**
 * Gives hosts the controller's trust file, unless Redis has that version or a newer one; returns the version that is
 * there now. Hosts that are on have taken it within half a minute, and sooner when an order needs it.
 */
export async function publishTrust(
  broker: Pick<ControllerBroker, 'newestTrust' | 'publishTrust'>,
  { trust, envelope }: SignedTrust,
): Promise<number> {
  const newest = await broker.newestTrust();
  if (newest !== null && newest >= trust.version) return newest;
  await broker.publishTrust(trust.version, envelope);
  return trust.version;
}

/** The newest version that is there; null when the roots of the configuration have not signed what is there. */
export async function publishedVersion(
  broker: Pick<ControllerBroker, 'newestTrust' | 'trustOf'>,
  { fleet, roots }: FleetConfig,
  now: number,
): Promise<number | null> {
  const newest = await broker.newestTrust();
  const envelope = newest === null ? null : await broker.trustOf(newest);
  if (envelope === null) return null;
  const verified = verifyTrust(envelope, { fleet, pinned: roots, known: null, now });
  return verified.ok && verified.trust.version === newest ? newest : null;
}
