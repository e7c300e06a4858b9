import type { FleetConfig } from '../config/fleet-config.ts';
import { digestOf } from '../audit/chain.ts';
import { lockConfig } from '../config/config-lock.ts';
import type { Clock } from '../core/clock.ts';
import { ConfigError } from '../core/errors.ts';
import { readSigningKey } from '../trust/key-file.ts';
import type { SigningKey } from '../trust/key.ts';
import { operatorName } from '../host/operator-name.ts';
import { describeTrustChange } from '../trust/describe-trust-change.ts';
import { signTrust, type Trust } from '../trust/trust-file.ts';
import { journalOf } from './journal.ts';
import { hintForOldKey } from './next-key.ts';
import { readTrustFile, writeTrustFile, type SignedTrust } from './trust-on-disk.ts';

export type TrustChange = {
  readonly change: (trust: Trust, root: SigningKey, now: number) => Trust;
  /** Further roots that sign the new version. */
  readonly alsoSignedBy?: readonly SigningKey[];
  readonly clock: Clock;
};

/**
 * Makes the next version of the controller's trust file and signs it with the root key, alone among all celeroots.
 * @throws ConfigError TRUST_UNUSABLE, KEY_UNUSABLE or JOURNAL_UNUSABLE, and what `change` throws; then nothing is written.
 */
export async function changeTrustFile(fleet: FleetConfig, options: TrustChange): Promise<SignedTrust> {
  const { change, alsoSignedBy = [], clock } = options;
  await using _lock = await lockConfig(fleet.trustFile);
  const now = clock.now();
  const { trust } = await readTrustFile(fleet, now);
  const root = await readRootKey(fleet, trust);
  const next = change(trust, root, now);
  const envelope = signTrust(next, [root, ...alsoSignedBy]);
  const what = describeTrustChange(trust, next);
  const { version } = next;
  const by = operatorName();
  await journalOf(fleet, clock).add(() => ({ kind: 'trust', version, trust: digestOf(envelope), what, by }));
  await writeTrustFile(fleet.trustFile, envelope);
  return { trust: next, envelope };
}

/** @throws ConfigError KEY_UNUSABLE also when the key is none of the trust file's roots. */
async function readRootKey({ rootKeyFile }: FleetConfig, { roots }: Trust): Promise<SigningKey> {
  const root = await readSigningKey(rootKeyFile, '`root_key:` in celeroot.yaml');
  if (roots.includes(root.id)) return root;
  throw new ConfigError('KEY_UNUSABLE', `the key in ${rootKeyFile} is none of the fleet’s root keys`, {
    hint: hintForOldKey(
      rootKeyFile,
      `name the right one with  root_key:  in celeroot.yaml; its public half is one of  ${roots.join(', ')}`,
    ),
  });
}
