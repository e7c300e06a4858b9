import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../config/fleet-config.ts';
import { embeddedFiles, embeddedFolder } from '../core/embedded-files.ts';
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
  if (fleet.broker.listen !== null) await warnOfEnd(cli);
  return openControllerBroker(fleet.broker, (line) => writeWarning(cli.stderr, line.replace(/^warning: /, '')));
}

/** Nobody looks at a Redis that works; when its certificate has ended, no host does. */
async function warnOfEnd(cli: Cli): Promise<void> {
  const { warnOfCertificates } = await import('../queue/embedded-tls.ts');
  const files = embeddedFiles(embeddedFolder(cli.stateDir));
  for (const line of await warnOfCertificates(files, cli.clock.now())) writeWarning(cli.stderr, line);
}
