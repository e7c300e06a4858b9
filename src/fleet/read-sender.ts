import type { FleetConfig } from '../config/fleet-config.ts';
import { ConfigError } from '../core/errors.ts';
import { isoTime } from '../trust/iso-time.ts';
import { readSigningKey } from '../trust/key-file.ts';
import { kindOf, type Grant, type KeyKind } from '../trust/trust-file.ts';
import type { Sender } from './dispatch-run.ts';
import { journalOf } from './journal.ts';
import { howToReplace } from './key-in-use.ts';
import { hintForOldKey } from './next-key.ts';
import { readTrustFile } from './trust-on-disk.ts';

const A_KIND = { operator: 'an operator’s', scheduler: 'a scheduler’s' } as const;

/**
 * Reads the signing key of an operator, or of a scheduler, and the trust file.
 * @throws ConfigError TRUST_UNUSABLE, and KEY_UNUSABLE also when no host would obey the key, which is better said here
 * than by each host.
 */
export async function readSender(
  fleet: FleetConfig,
  who: Pick<Sender, 'by' | 'clock' | 'randomBytes'>,
  as: Exclude<KeyKind, 'release'> = 'operator',
): Promise<Sender> {
  const key = await readSigningKey(fleet.signingKeyFile);
  const trust = await readTrustFile(fleet, who.clock.now());
  const grant = trust.trust.grants.find((each) => each.key === key.id);
  const why = whyNotObeyed(grant, who.clock.now());
  if (grant === undefined || why !== null) {
    throw new ConfigError(
      'KEY_UNUSABLE',
      `the key in ${fleet.signingKeyFile} ${why} the trust file ${fleet.trustFile}`,
      {
        hint: hintForOldKey(
          fleet.signingKeyFile,
          (grant?.revokedAt ?? null) === null
            ? `the hosts would refuse its orders; see  celeroot keys ls;  its public half is  ${key.id}`
            : `to give this controller another:  ${howToReplace(fleet.signingKeyFile, as)}`,
        ),
      },
    );
  }
  if (kindOf(grant) !== as) {
    const kind = kindOf(grant);
    throw new ConfigError('KEY_UNUSABLE', `the key in ${fleet.signingKeyFile} is a ${kind} key, not ${A_KIND[as]}`, {
      hint: 'name the right one with  signing_key:  in celeroot.yaml; see  celeroot keys ls',
    });
  }
  const { by, clock, randomBytes } = who;
  return { fleet: fleet.fleet, key, trust, journal: journalOf(fleet, clock), by, clock, randomBytes };
}

/** What the trust file says of a key that counts for nothing now; null of one that does. */
function whyNotObeyed(grant: Grant | undefined, now: number): string | null {
  if (grant === undefined) return 'is not in';
  if (grant.revokedAt !== null) return 'is revoked in';
  if (now >= grant.notAfter) return `was good until ${isoTime(grant.notAfter)}, by`;
  return now < grant.notBefore ? `is good from ${isoTime(grant.notBefore)} on, by` : null;
}
