import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { requireRole } from '../../core/host-selector.ts';
import { formatSize } from '../../rollout/size.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeProperties } from '../../terminal/properties.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { hostsByRole, roleRecord } from './list-roles.ts';

/** Shows one role, defaults filled in. */
export async function showRole(cli: Cli, command: CommandUnknownOpts, name: string): Promise<void> {
  const config = await loadFleetConfig(cli, command);
  const role = config.roles.get(requireRole(config, name));
  if (role === undefined) return;
  const hosts = hostsByRole(config).get(role.name) ?? [];
  if (sharedFlags(command).json) return writeJson(cli.stdout, { role: roleRecord(role, hosts) });
  writeProperties(cli.stdout, [
    ['role', role.name],
    ...(role.description === null || role.description === '' ? [] : [['description', role.description] as const]),
    ['queues', role.queues.length === 0 ? 'none of its own' : role.queues.join(', ')],
    ['concurrency', String(role.concurrency)],
    ['tasks', role.tasks.length === 0 ? 'none: its hosts may do nothing' : role.tasks.join(', ')],
    ['never upgraded', role.exclude.length === 0 ? 'nothing excluded' : role.exclude.join(', ')],
    ...(role.maxUnavailable === null
      ? []
      : [['at once', `${formatSize(role.maxUnavailable)} of its hosts are changed at most`] as const]),
    ['hosts', hosts.length === 0 ? 'none' : `${hosts.length}: ${hosts.join(', ')}`],
  ]);
}
