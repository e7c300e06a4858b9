import type { FleetConfig } from '../../config/fleet-config.ts';
import type { ScheduleName } from '../../core/names.ts';
import { type BelievedPauses, readPauses } from '../../fleet/believe-pauses.ts';
import { witnessOf } from '../../fleet/witness.ts';
import { writeWarning } from '../../terminal/error.ts';
import type { Cli } from '../context.ts';
import { askBroker, type BrokerAnswer } from '../hosts/ask-broker.ts';

/** Which schedules are paused; null when Redis is away. What no operator has signed is told, and pauses nothing. */
export async function askPauses(cli: Cli, fleet: FleetConfig): Promise<BrokerAnswer<BelievedPauses | null>> {
  const found = await askBroker(cli, fleet, async (broker) =>
    broker === null ? null : await readPauses(broker, await witnessOf(fleet, cli.clock.now())),
  );
  warnOfForgedPauses(cli, found.answer?.forged ?? []);
  return found;
}

export function warnOfForgedPauses(cli: Cli, forged: readonly ScheduleName[]): void {
  if (forged.length === 0) return;
  const which = `${forged.length === 1 ? 'a pause' : 'pauses'} of ${forged.join(', ')}`;
  writeWarning(cli.stderr, `left out ${which}: not signed by an operator you trust, so no scheduler heeds it`);
}
