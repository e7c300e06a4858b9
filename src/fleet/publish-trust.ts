import type { ControllerBroker } from '../queue/broker.ts';
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
