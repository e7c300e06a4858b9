import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import type { FleetName } from '../core/names.ts';
import { openEnvelopeOfMany, refuse, type Refused } from './dsse.ts';
import { TRUST_TYPE, trustSchema, type Trust } from './trust-file.ts';

export type VerifiedTrust = { readonly ok: true; readonly trust: Trust } | Refused;

export type TrustExpected = {
  readonly fleet: FleetName;
  /**
   * The root keys that this reader was given by hand, of which one is enough to begin with; `its own` for a file that
   * was accepted before.
   */
  readonly pinned: readonly string[] | 'its own';
  /** The newest version it has accepted; null when there is none yet. */
  readonly known: Trust | null;
  /** The oldest version it takes, also as its first. */
  readonly least?: number;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/**
 * Whether a trust file may take the place of the one that is known: signed by enough of the roots known so far and by
 * enough of its own, for this fleet, of a higher version, not from the future. An expired one is accepted, since it may
 * still revoke; that it allows nothing any more is seen when it is used. Never throws.
 */
export function verifyTrust(envelope: string, expect: TrustExpected): VerifiedTrust {
  const opened = openEnvelopeOfMany(envelope, TRUST_TYPE);
  if (!opened.ok) return opened;
  const parsed = trustSchema.safeParse(opened.payload);
  if (!parsed.success) return refuse('MALFORMED', 'the trust file does not fit the form this celeroot knows');
  const trust = parsed.data;
  return checkSigners(trust, opened.signedBy, expect) ?? checkContent(trust, expect) ?? { ok: true, trust };
}

function checkSigners(trust: Trust, signedBy: readonly string[], { pinned, known }: TrustExpected): Refused | null {
  const roots = known?.roots ?? (pinned === 'its own' ? trust.roots : pinned);
  const needed = known?.threshold ?? 1;
  if (countIn(roots, signedBy) < needed) {
    return refuse('UNKNOWN_KEY', `the trust file is not signed by ${needed} of the roots known here`);
  }
  if (countIn(trust.roots, signedBy) < trust.threshold) {
    return refuse('UNKNOWN_KEY', `the trust file is not signed by ${trust.threshold} of its own roots`);
  }
  return null;
}

function checkContent(trust: Trust, { fleet, known, least = 1, now }: TrustExpected): Refused | null {
  if (trust.fleet !== fleet) return refuse('WRONG_FLEET', `a trust file of fleet ${trust.fleet}, this is ${fleet}`);
  if (known !== null && trust.version <= known.version) {
    return refuse('REPLAYED', `version ${trust.version} of the trust file, version ${known.version} is known`);
  }
  if (trust.version < least) {
    return refuse('REPLAYED', `version ${trust.version} of the trust file, none before version ${least} is taken here`);
  }
  if (trust.issuedAt > now + MAX_CLOCK_SKEW_MS) {
    const early = Math.round((trust.issuedAt - now) / 1000);
    return refuse('CLOCK_SKEW', `the trust file was signed ${early} s in the future of this clock`);
  }
  return null;
}

function countIn(roots: readonly string[], signedBy: readonly string[]): number {
  return new Set(signedBy.filter((key) => roots.includes(key))).size;
}
