import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../config/fleet-config.ts';
import type { BrokerSettings } from '../core/broker-settings.ts';
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
  const warn = (line: string, hint?: string): void => writeWarning(cli.stderr, line.replace(/^warning: /, ''), hint);
  const known = fleet.broker.embedded ? await whatKeepsHostsAway(cli, fleet.broker) : [];
  const broker = await openControllerBroker(fleet.broker, (line) => warn(line));
  for (const { line, hint } of known) warn(line, hint);
  return broker;
}

type Warning = { readonly line: string; readonly hint?: string };

/** Of an embedded Redis that is well for whoever is on this machine. */
async function whatKeepsHostsAway(cli: Cli, { listen, environment }: BrokerSettings): Promise<readonly Warning[]> {
  const files = embeddedFiles(embeddedFolder(cli.stateDir));
  const { RESTART_REDIS, whyNotSameListening } = await import('../queue/started-listening.ts');
  const why = await whyNotSameListening(files, listen === null ? null : { node: listen.node, environment });
  const restart = why === null ? [] : [{ line: why, hint: RESTART_REDIS }];
  if (listen === null) return restart;
  const { warnOfCertificates } = await import('../queue/embedded-tls.ts');
  const ends = await warnOfCertificates(files, cli.clock.now());
  return [...restart, ...ends.map((line) => ({ line }))];
}
