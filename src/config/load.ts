import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import type { FleetConfig, WorkerConfig } from './fleet-config.ts';
import { parseFleet, parseWorker } from './parse-config.ts';
import type { Environment } from './read-broker.ts';
import { readSource } from './read-source.ts';

/**
 * The configuration file to use, absolute: `--config`, then CELEROOT_CONFIG, then `celeroot.yaml` here, then in
 * /etc/celeroot.
 * @throws ConfigError CONFIG_NOT_FOUND naming every place that was tried.
 */
export function findConfigFile(flag: string | undefined, env: Environment, cwd: string): string {
  const named = flag ?? (env['CELEROOT_CONFIG'] || undefined);
  if (named !== undefined) return resolve(cwd, named);
  const places = [resolve(cwd, 'celeroot.yaml'), '/etc/celeroot/celeroot.yaml'];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new ConfigError(
    'CONFIG_NOT_FOUND',
    `found no configuration file: neither --config nor CELEROOT_CONFIG is given, and neither ${places.join(' nor ')} exists`,
    {
      hint: 'make one with: celeroot init; or name one with --config FILE or CELEROOT_CONFIG',
      details: { tried: places },
    },
  );
}

/**
 * Reads `celeroot.yaml`.
 * @throws ConfigError with every problem of the file, each with its place.
 */
export function loadFleet(file: string, env: Environment): FleetConfig {
  return parseFleet(readSource(file), env);
}

/**
 * Reads what a worker needs, from a worker file or, with the host's name, from the fleet's YAML.
 * @throws ConfigError as loadFleet; UsageError when the host is not named; RejectedError when it is not in the file.
 */
export function loadWorker(file: string, host: string | null, env: Environment): WorkerConfig {
  return parseWorker(readSource(file), host, env);
}
