import { existsSync } from 'node:fs';
import type { FleetConfig } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import { renewTrust, TRUST_LIFETIME_MS } from '../trust/change-trust.ts';
import { changeTrustFile } from './change-trust-file.ts';
import { readTrustFile } from './trust-on-disk.ts';

/** From then on every run tells that the end is near, and a scheduler once a day. */
const WARN_BEFORE_MS = 30 * 24 * 3_600_000;

/**
 * Signs the trust file anew when half of its time is over and the root key is at hand, so that whoever keeps it here
 * need never think of it. Returns what an operator should know; null for nothing.
 * @throws ConfigError TRUST_UNUSABLE or KEY_UNUSABLE.
 */
export async function renewTrustWhenDue(fleet: FleetConfig, clock: Clock): Promise<string | null> {
  const { trust } = await readTrustFile(fleet, clock.now());
  const leftMs = trust.expiresAt - clock.now();
  if (leftMs > TRUST_LIFETIME_MS / 2) return null;
  if (existsSync(fleet.rootKeyFile)) {
    const renewed = await changeTrustFile(fleet, { clock, change: (known, _root, now) => renewTrust(known, now) });
    return `the trust file was signed anew, for another year: version ${renewed.trust.version}`;
  }
  if (leftMs > WARN_BEFORE_MS) return null;
  const when = leftMs <= 0 ? 'has expired' : `expires at ${new Date(trust.expiresAt).toISOString()}`;
  return `the trust file ${when}; sign it anew where the root key is, by any run or  celeroot keys publish`;
}
