import { brokerForHosts } from '../config/broker-for-hosts.ts';
import { brokerSection } from '../config/broker-section.ts';
import type { FleetConfig, Host } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { TOKEN_SECRET_BYTES, type JoinToken } from '../trust/join-token.ts';
import { rootsDigest } from '../trust/key-fingerprint.ts';

/** How long a token is good for. */
export const TOKEN_VALID_MS: number = 15 * 60_000;

export type TokenChance = {
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
};

/** @throws UsageError when no other machine can reach Redis. */
export function makeJoinToken(config: FleetConfig, host: Host, { clock, randomBytes }: TokenChance): JoinToken {
  const { user: _user, ...broker } = brokerSection(brokerForHosts(config.broker));
  if (broker['embedded'] === true) {
    throw new UsageError('USAGE', 'the embedded Redis listens to no other host, which so cannot join by token', {
      hint: `let it listen, or name another under broker: in ${config.file} (celeroot config explain broker)`,
    });
  }
  return {
    fleet: config.fleet,
    host: host.name,
    broker,
    roots: rootsDigest(config.roots),
    expiresAt: clock.now() + TOKEN_VALID_MS,
    secret: new Secret(Buffer.from(randomBytes(TOKEN_SECRET_BYTES)).toString('base64url')),
  };
}
