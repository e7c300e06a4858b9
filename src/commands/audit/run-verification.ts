import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../../config/fleet-config.ts';
import type { HostName } from '../../core/names.ts';
import { verifyFleet, type VerifiedFleet } from '../../fleet/verify-fleet.ts';
import { openLiveRegion } from '../../terminal/live-region.ts';
import { span } from '../../terminal/styled-line.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { openBroker } from '../open-fleet.ts';
import { openSender } from '../open-sender.ts';

export type Verification = { readonly fleet: FleetConfig; readonly hosts: readonly HostName[]; readonly full: boolean };

/** Reads and verifies, with a line on standard error that says how far it is. Ctrl-C ends the reading. */
export async function runVerification(
  cli: Cli,
  command: CommandUnknownOpts,
  { fleet, hosts, full }: Verification,
): Promise<VerifiedFleet> {
  const sender = await openSender(cli, fleet);
  await using broker = await openBroker(cli, fleet);
  const leave = new AbortController();
  using _interrupt = cli.onSignal('SIGINT', () => leave.abort());
  const signal = AbortSignal.any([leave.signal, cli.stdoutClosed]);
  const region = cli.stderr.isTTY ? openLiveRegion(cli.stderr) : null;
  const onProgress = (done: number, total: number): void => {
    region?.draw([], [[span(`reading audit logs: ${done} of ${total} hosts`, 'dim')]]);
  };
  const celeroot = celerootFor(command);
  const verified = await verifyFleet({ fleet, broker, sender, hosts, full, celeroot, onProgress, signal });
  region?.draw([], []);
  return verified;
}
