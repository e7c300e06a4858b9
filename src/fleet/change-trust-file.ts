import type { FleetConfig } from '../config/fleet-config.ts';
import { lockConfig } from '../config/config-lock.ts';
import type { Clock } from '../core/clock.ts';
import { ConfigError } from '../core/errors.ts';
import { readSigningKey } from '../trust/key-file.ts';
import type { SigningKey } from '../trust/key.ts';
import type { Trust } from '../trust/trust-file.ts';
import { readTrustFile, writeTrustFile, type SignedTrust } from './trust-on-disk.ts';

export type TrustChange = {
  readonly change: (trust: Trust, root: SigningKey, now: number) => Trust;
  /** Further roots that sign the new version. */
  readonly alsoSignedBy?: readonly SigningKey[];
  readonly clock: Clock;
};

/**
 * Makes the next version of the controller's trust file and signs it with the root key, alone among all celeroots.
 * @throws ConfigError TRUST_UNUSABLE or KEY_UNUSABLE, and what `change` throws; then nothing is written.
 */
export async function changeTrustFile(fleet: FleetConfig, options: TrustChange): Promise<SignedTrust> {
  const { change, alsoSignedBy = [], clock } = options;
  await using _lock = await lockConfig(fleet.trustFile);
  const now = clock.now();
  const { trust } = await readTrustFile(fleet, now);
  const root = await readRootKey(fleet, trust);
  return await writeTrustFile(fleet.trustFile, change(trust, root, now), [root, ...alsoSignedBy]);
}

/** @throws ConfigError KEY_UNUSABLE also when the key is none of the trust file's roots. */
async function readRootKey({ rootKeyFile }: FleetConfig, { roots }: Trust): Promise<SigningKey> {
  const root = await readSigningKey(rootKeyFile);
  if (roots.includes(root.id)) return root;
  throw new ConfigError('KEY_UNUSABLE', `the key in ${rootKeyFile} is none of the fleet’s root keys`, {
    hint: `name the right one with  root_key:  in celeroot.yaml; its public half is one of  ${roots.join(', ')}`,
  });
}
