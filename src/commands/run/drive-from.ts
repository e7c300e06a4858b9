import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetConfig } from '../../config/fleet-config.ts';
import { takeWheel, type RolloutDriver } from '../../fleet/drive-rollout.ts';
import type { RolledRun } from '../../fleet/rolled-run.ts';
import { witnessOf } from '../../fleet/witness.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import type { Cli } from '../context.ts';

const LOOK_EVERY_MS = 500;

/**
 * Takes the wheel of a roll-out; waits until that of a driver which died is free. Null when somebody has it who is
 * there, and keeps it.
 */
export async function driveFrom(
  cli: Cli,
  broker: ControllerBroker,
  { run, fleet }: { readonly run: RolledRun; readonly fleet: FleetConfig },
): Promise<RolloutDriver | null> {
  const owner = Buffer.from(cli.randomBytes(16)).toString('hex');
  const witness = await witnessOf(fleet, cli.clock.now());
  for (let shortest = Infinity; ;) {
    const taken = await takeWheel(broker, run, { fleet, witness, clock: cli.clock, by: cli.by, owner });
    if ('step' in taken) return taken;
    // Time runs out for one that died; for one that lives it begins anew.
    if (taken.forMs > shortest) return null;
    shortest = taken.forMs;
    await sleep(Math.min(LOOK_EVERY_MS, taken.forMs + 1));
  }
}
