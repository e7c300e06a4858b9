import type { FleetConfig } from '../../config/fleet-config.ts';
import { embeddedFolder } from '../../core/embedded-files.ts';
import type { Cli } from '../context.ts';

/** Starts this machine's Redis, for hosts elsewhere too where the configuration says so; returns whether it had to. */
export async function startRedis(cli: Cli, fleet: FleetConfig): Promise<boolean> {
  const { startEmbeddedBroker } = await import('../../queue/embedded-broker.ts');
  const folder = embeddedFolder(cli.stateDir);
  const { listen, environment } = fleet.broker;
  if (listen === null) return await startEmbeddedBroker({ folder });
  const { fleetUsers } = await import('../../fleet/host-users.ts');
  const { users } = fleetUsers(fleet);
  return await startEmbeddedBroker({ folder, listen: { node: listen.node, environment, users } });
}
