import type { FleetConfig, Host, Role } from '../../src/config/fleet-config.ts';
import {
  fleetNameSchema,
  hostNameSchema,
  queueNameSchema,
  roleNameSchema,
  type RoleName,
} from '../../src/core/names.ts';
import { hostKey } from './spoken.ts';
import { settingsFor } from './redis.ts';

export type FleetSketch = {
  readonly roles: Readonly<
    Record<string, { tasks?: readonly string[]; queues?: readonly string[]; exclude?: readonly string[] }>
  >;
  readonly hosts: Readonly<Record<string, readonly string[]>>;
};

/** A fleet as config/ would make it, from its roles and each host's roles. */
export function fleetConfig({ roles, hosts }: FleetSketch): FleetConfig {
  return {
    file: '/fleet/celeroot.yaml',
    fleet: fleetNameSchema.parse('test'),
    roots: [],
    trustFile: '/fleet/celeroot.trust',
    rootKeyFile: '/fleet/celeroot.root.key',
    journalFile: '/fleet/celeroot.journal',
    signingKeyFile: '/fleet/celeroot.key',
    schedulerKeyFile: null,
    standingOrdersFile: '/fleet/celeroot.standing',
    broker: settingsFor({ kind: 'socket', path: '/nonexistent' }),
    roles: new Map(Object.entries(roles).map(([name, sketch]) => makeRole(roleNameSchema.parse(name), sketch))),
    rollouts: new Map(),
    hosts: new Map(
      Object.entries(hosts).map(([name, of]) =>
        makeHost(
          name,
          of.map((role) => roleNameSchema.parse(role)),
        ),
      ),
    ),
    calendars: new Map(),
    schedules: new Map(),
  };
}

function makeRole(
  name: RoleName,
  { tasks = ['*'], queues = [name], exclude = [] }: FleetSketch['roles'][string],
): [RoleName, Role] {
  const parsed = queues.map((queue) => queueNameSchema.parse(queue));
  return [name, { name, description: null, queues: parsed, concurrency: 4, tasks, exclude, maxUnavailable: null }];
}

function makeHost(text: string, roles: readonly RoleName[]): [Host['name'], Host] {
  const name = hostNameSchema.parse(text);
  return [
    name,
    {
      name,
      address: name,
      roles,
      description: null,
      key: hostKey.id,
      outgoingKey: null,
      previousKeys: [],
      brokerPassword: null,
      renamedFrom: null,
      machine: null,
      labels: {},
    },
  ];
}
