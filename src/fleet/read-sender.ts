import type { FleetConfig } from '../config/fleet-config.ts';
import { ConfigError } from '../core/errors.ts';
import { readSigningKey } from '../trust/key-file.ts';
import type { Sender } from './dispatch-run.ts';
import { journalOf } from './journal.ts';
import { readTrustFile } from './trust-on-disk.ts';

/**
 * Reads the operator's signing key and the trust file.
 * @throws ConfigError TRUST_UNUSABLE, and KEY_UNUSABLE also when no host would obey the key, which is better said here
 * than by each host.
 */
export async function readSender(
  fleet: FleetConfig,
  who: Pick<Sender, 'by' | 'clock' | 'randomBytes'>,
): Promise<Sender> {
  const key = await readSigningKey(fleet.signingKeyFile);
  const trust = await readTrustFile(fleet, who.clock.now());
  const grant = trust.trust.grants.find((each) => each.key === key.id);
  if (grant === undefined || grant.revokedAt !== null) {
    const why = grant === undefined ? 'is not in the trust file' : 'is revoked';
    throw new ConfigError('KEY_UNUSABLE', `the key in ${fleet.signingKeyFile} ${why} ${fleet.trustFile}`, {
      hint: `the hosts would refuse its orders; see  celeroot keys ls;  its public half is  ${key.id}`,
    });
  }
  const { by, clock, randomBytes } = who;
  return { fleet: fleet.fleet, key, trust, journal: journalOf(fleet, clock), by, clock, randomBytes };
}
