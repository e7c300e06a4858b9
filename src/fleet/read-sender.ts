import type { FleetConfig } from '../config/fleet-config.ts';
import { ConfigError } from '../core/errors.ts';
import { readSigningKey } from '../trust/key-file.ts';
import type { Sender } from './dispatch-run.ts';

/**
 * Reads the fleet's signing key.
 * @throws ConfigError KEY_UNUSABLE also when no host would obey it, which is better said here than by each host.
 */
export async function readSender(
  fleet: FleetConfig,
  who: Pick<Sender, 'by' | 'clock' | 'randomBytes'>,
): Promise<Sender> {
  const key = await readSigningKey(fleet.signingKeyFile);
  if (!fleet.signers.includes(key.id)) {
    throw new ConfigError(
      'KEY_UNUSABLE',
      `the key in ${fleet.signingKeyFile} is not one of  signers:  in ${fleet.file}`,
      {
        hint: `the hosts would refuse its orders; its public half is  ${key.id}`,
      },
    );
  }
  const { by, clock, randomBytes } = who;
  return { fleet: fleet.fleet, key, by, clock, randomBytes };
}
