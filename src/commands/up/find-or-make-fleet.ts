import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig } from '../../config/fleet-config.ts';
import { ConfigError, RejectedError, UsageError } from '../../core/errors.ts';
import { fleetNameSchema, hostNameSchema, type HostName } from '../../core/names.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';

/**
 * The fleet this machine is to be part of: the configuration that is there, else a new one in the current folder.
 * @throws UsageError when its Redis is not the embedded one.
 */
export async function findOrMakeFleet(cli: Cli, command: CommandUnknownOpts): Promise<FleetConfig> {
  const { loadFleet } = await import('../../config/load.ts');
  const fleet = loadFleet((await findFile(cli, command)) ?? (await makeFile(cli, command)), cli.env);
  return requireEmbedded(fleet);
}

/** @throws UsageError when the Redis of the fleet is not the embedded one. */
export function requireEmbedded(fleet: FleetConfig): FleetConfig {
  if (fleet.broker.embedded) return fleet;
  throw new UsageError('USAGE', `celeroot up starts its own Redis, and ${fleet.file} names another`, {
    hint: `start this machine's worker alone:  celeroot worker ${fleet.file} --host NAME`,
  });
}

/** @throws RejectedError UNKNOWN_HOST when it is not certain which host of the fleet this machine is. */
export function thisHost(command: CommandUnknownOpts, fleet: FleetConfig, asked: string | null): HostName {
  const wanted = asked ?? ownName();
  const found = [...fleet.hosts.keys()].find((name) => name === wanted);
  const [only] = fleet.hosts.size === 1 && asked === null ? [...fleet.hosts.keys()] : [];
  const host = found ?? only;
  if (host !== undefined) return host;
  const celeroot = celerootFor(command);
  const [role = 'ROLE', ...others] = fleet.roles.keys();
  const add = `${celeroot} hosts add ${ownName()} --role ${others.length === 0 ? role : 'ROLE'}`;
  throw new RejectedError('UNKNOWN_HOST', `${fleet.file} has no host ${wanted}`, {
    hint: `add this machine:  ${add},  or say which it is:  ${celeroot} up --host NAME`,
  });
}

/**
 * Records this machine's key as that of the host it is, so that what it says is believed. Returns the configuration as it
 * is then, and what starting Redis made with it.
 * @throws RejectedError KEY_EXISTS when another is recorded.
 */
export async function recordOwnKey(cli: Cli, fleet: FleetConfig, host: HostName): Promise<FleetConfig> {
  const { openHostKey } = await import('../../executor/host-key.ts');
  const { id: key } = await openHostKey(cli.stateDir);
  const { loadFleet } = await import('../../config/load.ts');
  const known = fleet.hosts.get(host);
  if (known?.key === key || known?.outgoingKey === key) return loadFleet(fleet.file, cli.env);
  const { acceptHost } = await import('../../config/host-edits.ts');
  const { editText } = await import('../../config/edit.ts');
  const { changeConfig } = await import('../../config/write-config.ts');
  const { after } = await changeConfig(fleet.file, cli.env, (text, config) =>
    editText(text, acceptHost(config, host, { key, replace: false })),
  );
  return after;
}

async function findFile(cli: Cli, command: CommandUnknownOpts): Promise<string | null> {
  const { findConfigFile } = await import('../../config/load.ts');
  const { config } = sharedFlags(command);
  try {
    return findConfigFile(config ?? undefined, cli.env, cli.cwd);
  } catch (error) {
    const named = config ?? cli.env['CELEROOT_CONFIG'];
    if (named === undefined && error instanceof ConfigError && error.code === 'CONFIG_NOT_FOUND') return null;
    throw error;
  }
}

async function makeFile(cli: Cli, command: CommandUnknownOpts): Promise<string> {
  const { makeFleet } = await import('../../fleet/make-fleet.ts');
  const { openHostKey } = await import('../../executor/host-key.ts');
  const host = hostNameSchema.parse(ownName());
  const fleet = fleetNameSchema.parse(host);
  const { id: key } = await openHostKey(cli.stateDir);
  const path = resolve(cli.cwd, 'celeroot.yaml');
  const { file, keyFile, rootKeyFile, trustFile } = await makeFleet(
    { file: path, fleet, brokerUrl: null, host: { name: host, key } },
    cli,
  );
  if (!sharedFlags(command).json) {
    cli.stdout.write(
      `wrote ${file}: a fleet of this machine, ${host}\nwrote ${keyFile}: the key that signs its orders\n` +
        `wrote ${rootKeyFile} and ${trustFile}: whom it obeys, and the key that signs that\n`,
    );
  }
  return file;
}

/** This machine's name without its domain, where that is a name a host can have. */
function ownName(): string {
  const name = (hostname().split('.')[0] ?? '').toLowerCase();
  return hostNameSchema.safeParse(name).success ? name : 'localhost';
}
