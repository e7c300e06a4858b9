import type { FleetConfig, Host } from '../../config/fleet-config.ts';
import { writeWarning } from '../../terminal/error.ts';
import type { Cli } from '../context.ts';
import { openBroker } from '../open-fleet.ts';

/** Ends what a host is in Redis: first its user and connections, so that it writes nothing more, then its keys. */
export async function shutOut(cli: Cli, fleet: FleetConfig, { name, brokerPassword }: Host): Promise<void> {
  await using broker = await openBroker(cli, fleet);
  if (brokerPassword !== null) {
    for (const line of await broker.dropHostUser(name)) writeWarning(cli.stderr, line);
  } else {
    writeWarning(cli.stderr, `${name} shares the fleet’s password of Redis, and still knows it`);
  }
  await broker.forgetHost(name);
}
