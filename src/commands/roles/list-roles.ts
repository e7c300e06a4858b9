import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig, Role } from '../../config/fleet-config.ts';
import { formatSize } from '../../rollout/size.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable } from '../../terminal/table.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

/** Lists roles with the number of hosts that have each. */
export async function listRoles(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const config = await loadFleetConfig(cli, command);
  const roles = [...config.roles.values()];
  const hosts = hostsByRole(config);
  if (sharedFlags(command).json) {
    writeJson(cli.stdout, { roles: roles.map((role) => roleRecord(role, hosts.get(role.name) ?? [])) });
    return;
  }
  if (roles.length === 0) {
    cli.stdout.write(`no roles; add one with:  ${celerootFor(command)} roles add NAME\n`);
    return;
  }
  const rows = roles.map((role) => [
    role.name,
    String(hosts.get(role.name)?.length ?? 0),
    role.queues.join(', '),
    String(role.concurrency),
    role.tasks.join(', '),
    role.description ?? '',
  ]);
  writeTable(cli.stdout, { head: ['ROLE', 'HOSTS', 'QUEUES', 'CONCURRENCY', 'TASKS', 'DESCRIPTION'], rows });
}

/** A role as `--json` shows it. */
export function roleRecord({ maxUnavailable, ...role }: Role, hosts: readonly string[]): unknown {
  return { ...role, maxUnavailable: maxUnavailable === null ? null : formatSize(maxUnavailable), hosts };
}

/** Names of the hosts of each role; a role without hosts is not in it. */
export function hostsByRole(config: FleetConfig): ReadonlyMap<Role['name'], readonly string[]> {
  const byRole = new Map<Role['name'], string[]>();
  for (const { name, roles } of config.hosts.values()) {
    for (const role of roles) {
      const names = byRole.get(role);
      if (names === undefined) byRole.set(role, [name]);
      else names.push(name);
    }
  }
  return byRole;
}
