import { digestOf } from '../audit/chain.ts';
import { lockConfig } from '../config/config-lock.ts';
import type { FleetConfig } from '../config/fleet-config.ts';
import { ConfigError } from '../core/errors.ts';
import type { ControllerBroker, ShownTrust } from '../queue/broker.ts';
import { describeTrustChange } from '../trust/describe-trust-change.ts';
import { refuse } from '../trust/dsse.ts';
import { verifyTrust, type VerifiedTrust } from '../trust/verify-trust.ts';
import type { Sender } from './dispatch-run.ts';
import { journalOf } from './journal.ts';
import { readTrustFile, writeTrustFile, type SignedTrust } from './trust-on-disk.ts';

/** The version that is here now, and how it differs from what was; null where nothing was to be fetched. */
export type FetchedTrust = { readonly version: number; readonly changes: string | null };

/**
 * Puts the trust file that hosts are shown in the place of the one that is here, when the roots of the configuration
 * have signed it and it is not older. One that is missing here, or cannot be read, is no hindrance.
 * @throws ConfigError TRUST_UNUSABLE, JOURNAL_UNUSABLE; then nothing is written.
 */
export async function fetchTrust(
  broker: Pick<ControllerBroker, 'shownTrust'>,
  fleet: FleetConfig,
  { clock, by }: Pick<Sender, 'clock' | 'by'>,
): Promise<FetchedTrust> {
  await using _lock = await lockConfig(fleet.trustFile);
  const here = await readHere(fleet, clock.now());
  const { trust, envelope } = await readShown(broker, fleet, clock.now());
  const { version } = trust;
  if (here?.envelope === envelope) return { version, changes: null };
  if (here !== null && here.trust.version > version) {
    throw new ConfigError('TRUST_UNUSABLE', `Redis has version ${version}, older than the ${here.trust.version} here`, {
      hint: 'give hosts the newer one:  celeroot keys publish',
    });
  }
  const changes = here === null ? 'there was none' : describeTrustChange(here.trust, trust);
  const what = `taken from Redis: ${changes}`.slice(0, 2000);
  await journalOf(fleet, clock).add(() => ({ kind: 'trust', version, trust: digestOf(envelope), what, by }));
  await writeTrustFile(fleet.trustFile, envelope);
  return { version, changes };
}

/**
 * The version that another controller made and hosts are shown instead of what is here; null for none. What the roots of
 * the configuration have not signed is none.
 */
export async function overtakenBy(
  broker: Pick<ControllerBroker, 'shownTrust'>,
  fleet: FleetConfig,
  { here, now }: { readonly here: SignedTrust; readonly now: number },
): Promise<number | null> {
  const shown = await broker.shownTrust();
  const verified = verifyShown(fleet, shown, now);
  if (!verified.ok || shown.envelope === here.envelope) return null;
  const { version } = verified.trust;
  return version >= here.trust.version ? version : null;
}

async function readShown(
  broker: Pick<ControllerBroker, 'shownTrust'>,
  fleet: FleetConfig,
  now: number,
): Promise<SignedTrust> {
  const shown = await broker.shownTrust();
  const verified = verifyShown(fleet, shown, now);
  if (verified.ok) return { trust: verified.trust, envelope: shown.envelope ?? '' };
  throw new ConfigError('TRUST_UNUSABLE', `the trust file in Redis cannot be taken: ${verified.message}`, {
    hint: 'where another controller replaced the root key, copy  roots:  from its celeroot.yaml',
  });
}

function verifyShown({ fleet, roots }: FleetConfig, { version, envelope }: ShownTrust, now: number): VerifiedTrust {
  if (envelope === null) return refuse('MALFORMED', 'there is none');
  const verified = verifyTrust(envelope, { fleet, pinned: roots, known: null, now });
  if (!verified.ok || verified.trust.version === version) return verified;
  return refuse('MALFORMED', `it stands under version ${version} and is ${verified.trust.version}`);
}

/** Null when it is missing or of no use: then what is fetched is better. */
async function readHere(fleet: FleetConfig, now: number): Promise<SignedTrust | null> {
  try {
    return await readTrustFile(fleet, now);
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'TRUST_UNUSABLE') return null;
    throw error;
  }
}
