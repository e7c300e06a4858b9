import type { FleetConfig } from '../config/fleet-config.ts';
import type { Sender } from '../fleet/dispatch-run.ts';
import { readSender } from '../fleet/read-sender.ts';
import { renewTrustWhenDue } from '../fleet/renew-trust-when-due.ts';
import { writeWarning } from '../terminal/error.ts';
import type { Cli } from './context.ts';

/** Who sends orders from here, with a trust file that is good for a while. */
export async function openSender(cli: Cli, fleet: FleetConfig): Promise<Sender> {
  const notice = await renewTrustWhenDue(fleet, cli.clock);
  if (notice !== null) writeWarning(cli.stderr, notice);
  return await readSender(fleet, cli);
}
