import { jobIdFor } from '../../src/core/ids.ts';

import { fleetNameSchema, roleNameSchema, type RoleName } from '../../src/core/names.ts';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import type { ReportEvent } from '../../src/core/report.ts';
import type { Destination } from '../../src/core/run.ts';
import type { Role, WorkerConfig } from '../../src/config/fleet-config.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { makeSigningKey, type SigningKey } from '../../src/trust/key.ts';
import type { Order } from '../../src/trust/order.ts';
import { firstTrust } from '../../src/trust/change-trust.ts';
import { signOrder } from '../../src/trust/sign-order.ts';
import { signTrust, type Trust } from '../../src/trust/trust-file.ts';
import { host, newRun, newRunId, queue } from './broker-data.ts';
import { waitUntil } from './redis.ts';
import { saveRun } from './spoken.ts';
import { showTrust } from './show-trust.ts';

const HOUR_MS = 3_600_000;

export const fleetName = fleetNameSchema.parse('test');
export const web1 = host('web1');
export const toWeb1: Destination = { kind: 'host', host: web1 };
export const toAnyWeb: Destination = { kind: 'any', queue: queue('web') };

/** A fleet of one root key and one signing key. */
export type TestFleet = {
  readonly key: SigningKey;
  readonly root: SigningKey;
  /** Version 1 of its trust file, which lets the signing key ask for everything. */
  readonly trust: Trust;
  /** Gives the workers of a Redis the trust file. */
  readonly publish: (controller: ControllerBroker) => Promise<void>;
  readonly configFor: (broker: BrokerSettings, roles?: readonly Partial<Role>[]) => WorkerConfig;
};

export function makeFleet(): TestFleet {
  const [root, key] = [makeSigningKey(), makeSigningKey()];
  const trust = firstTrust(fleetName, { root: root.id, operator: key.id }, Date.now());
  return {
    key,
    root,
    trust,
    publish: async (controller) => await showTrust(controller, 1, signTrust(trust, [root])),
    configFor: (broker, roles = [{}]) => ({
      file: '/etc/celeroot/worker.yaml',
      fleet: fleetName,
      host: web1,
      roots: [root.id],
      leastTrust: 1,
      broker,
      roles: roles.map(roleWith),
    }),
  };
}

const web: RoleName = roleNameSchema.parse('web');

function roleWith(role: Partial<Role>): Role {
  return {
    name: web,
    description: null,
    queues: [queue('web')],
    concurrency: 2,
    tasks: ['*'],
    exclude: [],
    maxUnavailable: null,
    ...role,
  };
}

/** An order of a run of its own for `system.ping` on web1, that a worker accepts unless `change` prevents it. */
export function newOrder(change: Partial<Order> = {}): Order {
  const run = change.run ?? newRunId();
  const to = change.to ?? toWeb1;
  const now = Date.now();
  return {
    fleet: fleetName,
    id: jobIdFor(run, to.kind === 'host' ? to.host : null),
    run,
    to,
    trust: 1,
    issuedAt: now,
    expiresAt: now + HOUR_MS,
    task: 'system.ping',
    args: {},
    dryRun: false,
    exclude: [],
    expectedPlan: null,
    deadlineMs: 60_000,
    by: 'tester@here',
    log: null,
    ...change,
  };
}

/** Signs an order and puts it into its queue, with the record of its run. */
export async function submit(controller: ControllerBroker, order: Order, key: SigningKey): Promise<string> {
  const envelope = signOrder(order, key);
  const record = newRun([], order.run);
  await saveRun(controller, { ...record, task: order.task, jobs: [{ id: order.id, to: order.to }] }, key);
  await controller.release([{ job: order.id, to: order.to, envelope }]);
  return envelope;
}

/** All that was reported about a job so far. */
export async function eventsOf(controller: ControllerBroker, order: Pick<Order, 'id' | 'run'>): Promise<ReportEvent[]> {
  const { reports } = await controller.readReports({ run: order.run, hosts: [web1, host('web2')] });
  return reports.flatMap(({ report }) => (report?.job === order.id ? [report.event] : []));
}

/** Reports that end a job. */
export const END_KINDS: ReadonlySet<ReportEvent['kind']> = new Set(['done', 'refused', 'expired', 'cancelled']);

/** Waits for the report that ends a job. */
export async function endOf(controller: ControllerBroker, order: Pick<Order, 'id' | 'run'>): Promise<ReportEvent> {
  let end: ReportEvent | undefined;
  await waitUntil(async () => {
    end = (await eventsOf(controller, order)).find((event) => END_KINDS.has(event.kind));
    return end !== undefined;
  }, `the end of ${order.id}`);
  return end ?? { kind: 'accepted' };
}
