import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Host } from '../../config/fleet-config.ts';
import { namedHost } from '../../config/named-host.ts';
import { MAX_CLOCK_SKEW_MS } from '../../core/clock.ts';
import type { Presence } from '../../core/presence.ts';
import { joinLine, rejoinLine } from '../../fleet/join-steps.ts';
import { readHostStatuses, type HostStatus } from '../../fleet/host-status.ts';
import { outdatedText, rebootCell, statusCell, upgradesCell } from '../../terminal/host-text.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeProperties } from '../../terminal/properties.ts';
import type { Cell } from '../../terminal/table.ts';
import { formatMoment } from '../../terminal/time-text.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { askBroker } from './ask-broker.ts';
import { hostRecord, warnOfTwice } from './list-hosts.ts';

/** Shows one host; works without Redis as `hosts ls` does. */
export async function showHost(cli: Cli, command: CommandUnknownOpts, name: string): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const host = namedHost(fleet, name);
  const { answer, error } = await askBroker(cli, fleet, (broker) =>
    readHostStatuses([host], { broker, fleet: fleet.fleet, clock: cli.clock }),
  );
  warnOfTwice(cli, answer);
  for (const status of answer) {
    if (sharedFlags(command).json) writeJson(cli.stdout, { host: hostRecord(status), brokerError: error });
    else writeProperties(cli.stdout, describeHost(status, { now: cli.clock.now(), celeroot: celerootFor(command) }));
  }
}

type Around = { readonly now: number; /** As it was called. */ readonly celeroot: string };

function describeHost(
  { host, presence, facts }: HostStatus,
  { now, celeroot }: Around,
): readonly (readonly [string, Cell])[] {
  return [
    ['host', host.name],
    ['address', host.address],
    ['roles', host.roles.join(', ')],
    ...optional('description', host.description),
    ...optional('labels', labelsText(host)),
    ['key', host.key ?? { text: 'none recorded: nothing it says is believed', style: 'yellow' }],
    ...optional(
      'rotation',
      host.outgoingKey === null ? null : `not finished:  ${celeroot} keys rotate --host ${host.name}`,
    ),
    ['status', statusCell({ host, presence }, now)],
    ...optional('to join', host.key === null ? joinLine(host, celeroot) : null),
    ...optional('to tell it', host.renamedFrom === null ? null : rejoinLine(host, celeroot)),
    ...(presence?.online === true ? workerProperties(presence.presence) : []),
    ...(facts === null ? [] : factProperties(facts)),
  ];
}

function labelsText({ labels }: Host): string | null {
  const texts = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return texts.length === 0 ? null : texts.join(', ');
}

type Properties = readonly (readonly [string, Cell])[];

function optional(name: string, value: string | null): Properties {
  return value === null ? [] : [[name, value]];
}

function workerProperties(
  worker: NonNullable<Extract<HostStatus['presence'], { online: true }>>['presence'],
): Properties {
  const { clockOffsetMs } = worker;
  const skew = `${(clockOffsetMs / 1000).toFixed(1)} s off`;
  return [
    ['worker', `${worker.version}, since ${formatMoment(worker.startedAt)}`],
    ['queues', worker.queues.join(', ')],
    ...policyProperty(worker.policy ?? null),
    ['clock', Math.abs(clockOffsetMs) > MAX_CLOCK_SKEW_MS ? { text: skew, style: 'red' } : skew],
  ];
}

/** What the host's owner says; nothing where there is no policy. */
function policyProperty(policy: NonNullable<Presence['policy']> | null): Properties {
  if (policy === null) return [];
  if (policy.problem !== null) {
    return [['policy', { text: `nothing that changes it is done: ${policy.problem}`, style: 'red' }]];
  }
  const two = policy.twoSigners.length === 0 ? '' : `; two operators sign ${policy.twoSigners.join(', ')}`;
  return [['policy', `in force${two}`]];
}

function factProperties(facts: NonNullable<HostStatus['facts']>): Properties {
  return [
    ['os', facts.os],
    ['kernel', `${facts.kernel} (${facts.arch})`],
    ['packages', String(facts.packages)],
    ['upgrades', upgradesCell(facts)],
    ['broken', facts.broken === 0 ? 'none' : { text: String(facts.broken), style: 'red' }],
    ['reboot', rebootCell(facts)],
    ['facts from', `${formatMoment(facts.gatheredAt)}${outdatedText(facts)}`],
  ];
}
