import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import * as z from 'zod';
import type { FleetConfig } from '../../config/fleet-config.ts';
import { selectHosts } from '../../core/host-selector.ts';
import type { HostName } from '../../core/names.ts';
import { collect } from '../flags.ts';

const targetSchema = z.object({
  role: z.array(z.string()).default([]),
  host: z.array(z.string()).default([]),
  exclude: z.array(z.string()).default([]),
});

/** Adds the flags that say which hosts; without them it is all. */
export function addTargetFlags(command: CommandUnknownOpts): CommandUnknownOpts {
  return command
    .option('--role <role>', 'all hosts of the role (repeatable); default: all hosts of the fleet', collect)
    .option('--host <name|glob>', 'hosts by name, with * and ? as wildcards (repeatable)', collect)
    .option('--exclude <name|glob|@role>', 'leave these out (repeatable)', collect);
}

/** @throws RejectedError UNKNOWN_HOST, UNKNOWN_ROLE or NO_HOST_MATCHED. */
export function targetHosts(fleet: FleetConfig, command: CommandUnknownOpts): readonly HostName[] {
  const { role: roles, host: hosts, exclude } = targetSchema.parse(command.opts());
  const all = roles.length === 0 && hosts.length === 0;
  return selectHosts(fleet, { roles, hosts, all, exclude });
}
