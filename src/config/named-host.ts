import { BugError } from '../core/errors.ts';
import { requireHost } from '../core/host-selector.ts';
import type { FleetConfig, Host } from './fleet-config.ts';

/** @throws RejectedError UNKNOWN_HOST with what may have been meant. */
export function namedHost(config: FleetConfig, name: string): Host {
  const host = config.hosts.get(requireHost(config, name));
  if (host === undefined) throw new BugError(`host ${name} is not where it was found`);
  return host;
}
