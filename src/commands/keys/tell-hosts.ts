import type { FleetConfig } from '../../config/fleet-config.ts';
import { ConnectionError } from '../../core/errors.ts';
import { publishTrust, requireOurs, warningOf } from '../../fleet/publish-trust.ts';
import type { SignedTrust } from '../../fleet/trust-on-disk.ts';
import { writeWarning } from '../../terminal/error.ts';
import type { Cli } from '../context.ts';
import { openBroker } from '../open-fleet.ts';

/**
 * Gives hosts a new version of the trust file; returns whether it could. With Redis away it stays written, the warning
 * says what to type, and the next run that is sent brings it too.
 * @throws RejectedError TRUST_OVERTAKEN.
 */
export async function tellHosts(cli: Cli, fleet: FleetConfig, signed: SignedTrust): Promise<boolean> {
  try {
    await using broker = await openBroker(cli, fleet);
    const published = await publishTrust(broker, signed);
    requireOurs(published, signed);
    const warning = warningOf(published);
    if (warning !== null) writeWarning(cli.stderr, warning);
    return true;
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    writeWarning(cli.stderr, `${error.message}; hosts do not know yet: when Redis is back, celeroot keys publish`);
    return false;
  }
}

/** What becomes of a new version, for people. */
export function spreadText({ trust }: SignedTrust, isTold: boolean): string {
  const when = isTold ? 'hosts that are on take it within half a minute, the others when they return' : 'not published';
  return `trust file: version ${trust.version}; ${when}\n`;
}
