import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../../config/fleet-config.ts';
import type { HostName } from '../../core/names.ts';
import { verifyFleet, type VerifiedFleet } from '../../fleet/verify-fleet.ts';
import type { Cli } from '../context.ts';
import { withAskOptions } from '../with-ask-options.ts';

export type Verification = { readonly fleet: FleetConfig; readonly hosts: readonly HostName[]; readonly full: boolean };

/** Reads and verifies, with a line on standard error that says how far it is. Ctrl-C ends the reading. */
export async function runVerification(
  cli: Cli,
  command: CommandUnknownOpts,
  { fleet, hosts, full }: Verification,
): Promise<VerifiedFleet> {
  return await withAskOptions(cli, command, {
    fleet,
    doing: 'reading audit logs',
    ask: async (options) => await verifyFleet({ ...options, hosts, full }),
  });
}
