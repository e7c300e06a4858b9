import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig, Host } from '../../config/fleet-config.ts';
import { isTwice, twiceText } from '../../core/host-presence.ts';
import { requireRole } from '../../core/host-selector.ts';
import { howToJoin, notJoinedText } from '../../fleet/leave-out-not-joined.ts';
import { readHostStatuses, type HostStatus } from '../../fleet/host-status.ts';
import { rejoinLine } from '../../fleet/join-steps.ts';
import { howToPart } from '../../fleet/require-one-machine.ts';
import { writeWarning } from '../../terminal/error.ts';
import { rebootCell, statusCell, UNKNOWN, upgradesCell } from '../../terminal/host-text.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeTable, type Cell } from '../../terminal/table.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { askBroker } from './ask-broker.ts';

/** Lists hosts. The list is in the configuration, so it comes also when Redis is away, with a warning. */
export async function listHosts(cli: Cli, command: CommandUnknownOpts, roles: readonly string[]): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const hosts = hostsOfRoles(fleet, roles);
  const { answer: statuses, error } = await askBroker(cli, fleet, (broker) =>
    readHostStatuses(hosts, { broker, fleet: fleet.fleet, clock: cli.clock }),
  );
  warnOfTwice(cli, statuses);
  if (sharedFlags(command).json) {
    writeJson(cli.stdout, { hosts: statuses.map(hostRecord), brokerError: error });
    return;
  }
  if (statuses.length === 0) {
    const add = `; add one with:  ${celerootFor(command)} hosts add NAME --role ROLE`;
    cli.stdout.write(`no hosts${roles.length === 0 ? add : ` of role ${roles.join(', ')}`}\n`);
    return;
  }
  const rows = statuses.map((status) => hostRow(status, cli.clock.now()));
  const notJoined = statuses.flatMap(({ host }) => (host.key === null ? [host] : []));
  writeTable(cli.stdout, { head: ['HOST', 'ROLES', 'STATUS', 'OS', 'UPGRADES', 'REBOOT', 'WORKER'], rows });
  const [first] = notJoined;
  const celeroot = celerootFor(command);
  if (first !== undefined)
    cli.stdout.write(`\n${notJoinedText(notJoined.map(({ name }) => name))}\n${howToJoin(first, celeroot)}\n`);
  for (const { host } of statuses) {
    if (host.renamedFrom !== null) cli.stdout.write(`\n${untoldText(host, host.renamedFrom, celeroot)}\n`);
  }
}

function untoldText(host: Host, goesBy: string, celeroot: string): string {
  return `${host.name} was renamed, and its machine goes by ${goesBy} until it is told:\n  ${rejoinLine(host, celeroot)}`;
}

/** Says where a copy of a host answers in its name. */
export function warnOfTwice(cli: Cli, statuses: readonly HostStatus[]): void {
  for (const { host, presence } of statuses) {
    if (isTwice(host.machine, presence)) writeWarning(cli.stderr, twiceText(host.name), howToPart(host));
  }
}

/** A host as `--json` shows it; also for `hosts show`. */
export function hostRecord({ host, presence, facts }: HostStatus): unknown {
  const { name, address, roles, description, key, machine, labels } = host;
  return {
    name,
    address,
    roles,
    description,
    key,
    labels,
    joined: key !== null,
    twice: isTwice(machine, presence),
    online: presence?.online ?? null,
    lastSeenAt: presence === null ? null : presence.online ? presence.presence.seenAt : presence.lastSeenAt,
    worker: presence?.online === true ? presence.presence : null,
    facts,
  };
}

function hostsOfRoles(fleet: FleetConfig, roles: readonly string[]): readonly Host[] {
  for (const role of roles) requireRole(fleet, role);
  const hosts = [...fleet.hosts.values()];
  return roles.length === 0 ? hosts : hosts.filter((host) => host.roles.some((role) => roles.includes(role)));
}

function hostRow({ host, presence, facts }: HostStatus, now: number): readonly Cell[] {
  return [
    host.name,
    host.roles.join(', '),
    statusCell({ host, presence }, now),
    facts === null ? UNKNOWN : `${facts.osId} ${facts.osVersion}`,
    upgradesCell(facts),
    rebootCell(facts),
    presence?.online === true ? presence.presence.version : UNKNOWN,
  ];
}
