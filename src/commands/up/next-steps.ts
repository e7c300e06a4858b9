import { formatNode } from '../../core/broker-settings.ts';
import type { FleetConfig, Host } from '../../config/fleet-config.ts';

type Here = { readonly fleet: FleetConfig; readonly host: Host; /** As it was called. */ readonly celeroot: string };

/** What somebody may want to type once everything runs on one machine. */
export function nextSteps({ fleet, host, celeroot }: Here): string {
  const { listen } = fleet.broker;
  const another = listen === null ? 'another host' : `another host, which reaches Redis at ${formatNode(listen.node)}`;
  const [role] = host.roles;
  const steps = [
    [`${celeroot} hosts ls`, 'what this fleet is made of'],
    [`${celeroot} apt upgrade --host ${host.name} --dry-run`, 'what an upgrade would do; nothing is changed'],
    [`${celeroot} hosts add ${unusedName(fleet)} --role ${role}`, another],
    [`${celeroot} down`, 'stop the worker and Redis'],
  ];
  const width = Math.max(...steps.map(([command = '']) => command.length));
  return ['Next:', ...steps.map(([command = '', purpose]) => `  ${command.padEnd(width)}   ${purpose}`)].join('\n');
}

function unusedName({ hosts }: FleetConfig): string {
  const names = new Set<string>(hosts.keys());
  let number = 1;
  while (names.has(`web${number}`)) number += 1;
  return `web${number}`;
}
