import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../config/fleet-config.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { writeWarning } from '../terminal/error.ts';
import type { Cli } from './context.ts';
import { sharedFlags } from './flags.ts';

/** The fleet's configuration: the file of `--config`, else CELEROOT_CONFIG, else where it usually is. */
export async function loadFleetConfig(cli: Cli, command: CommandUnknownOpts): Promise<FleetConfig> {
  const { findConfigFile, loadFleet } = await import('../config/load.ts');
  const file = findConfigFile(sharedFlags(command).config ?? undefined, cli.env, cli.cwd);
  return loadFleet(file, cli.env);
}

/** The fleet's broker; fails within seconds when Redis is away. What is unwise about Redis becomes a warning. */
export async function openBroker(cli: Cli, fleet: FleetConfig): Promise<ControllerBroker> {
  const { openControllerBroker } = await import('../queue/open.ts');
  return openControllerBroker(fleet.broker, (line) => writeWarning(cli.stderr, line.replace(/^warning: /, '')));
}
