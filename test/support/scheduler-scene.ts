import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { scheduleNameSchema } from '../../src/core/names.ts';
import type { SlotRecord } from '../../src/core/slot-record.ts';
import { readLastSlots } from '../../src/fleet/believe-slots.ts';
import { witnessOf } from '../../src/fleet/witness.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import type { Plan } from '../../src/scheduler/scheduler-context.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import type { SigningKey } from '../../src/trust/key.ts';
import { type Order, orderSchema } from '../../src/trust/order.ts';
import { host } from './broker-data.ts';
import { makeFleetFolder, type FleetFolder } from './fleet-folder.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { readStagePlan, stageScheduler, type StagedScheduler, type StageClock } from './scheduler-stage.ts';

const HOUR = 3_600_000;

/** A Redis, a fleet, and schedulers that beat when the test says so, at times that it makes. */
export type Stage = AsyncDisposable & {
  readonly redis: TestRedis;
  readonly folder: FleetFolder;
  readonly broker: ControllerBroker;
  /** Begins on a full hour. */
  readonly time: StageClock;
  readonly start: number;
  readonly scheduler: (leaseMs?: number) => StagedScheduler;
  /** Reads the file with these sections below roles and hosts. */
  readonly rewrite: (more: string) => Promise<Plan>;
  readonly plan: () => Plan;
  /** What is believed of the slots of a schedule, newest first. */
  readonly decided: (name: string) => Promise<readonly SlotRecord[]>;
  readonly last: (name: string) => Promise<SlotRecord | undefined>;
  readonly operator: () => Promise<SigningKey>;
  /** Jobs that wait for a host. */
  readonly jobs: (name: string) => Promise<readonly string[]>;
  readonly order: (name: string, job: string) => Promise<Order>;
};

export async function setStage(more: string, hosts?: string, webserver = ''): Promise<Stage> {
  await using things = new AsyncDisposableStack();
  const redis = things.use(await startRedis());
  const environment = redis.settings.environment ?? '';
  const options = {
    broker: `{ url: "redis://127.0.0.1:${redis.port}", environment: ${environment} }`,
    roles: `  webserver: ${webserver}\n  db: { tasks: [system.*] }\n`,
    ...(hosts === undefined ? {} : { hosts }),
  };
  const folder = things.use(await makeFleetFolder({ ...options, more }));
  const text = await readFile(folder.file, 'utf8');
  const broker = things.use(await openControllerBroker(redis.settings));
  let plan = await readStagePlan(folder.file);
  const start = Math.ceil(Date.now() / HOUR) * HOUR;
  const time = { now: start };
  const stack = things.move();
  const set: Stage = {
    redis,
    folder,
    broker,
    time,
    start,
    plan: () => plan,
    scheduler: (leaseMs) =>
      stageScheduler({ plan: () => plan, time, broker: () => broker, ...(leaseMs === undefined ? {} : { leaseMs }) }),
    rewrite: async (other) => {
      await writeFile(folder.file, text.replace(more, other));
      plan = await readStagePlan(folder.file);
      return plan;
    },
    decided: async (name) => {
      const witness = await witnessOf(plan.fleet, Date.now());
      const schedule = scheduleNameSchema.parse(name);
      return (await readLastSlots(broker, witness, { schedule, count: 1000 })).slots;
    },
    last: async (name) => (await set.decided(name))[0],
    operator: async () => await readSigningKey(plan.fleet.signingKeyFile),
    jobs: async (name) => {
      const queue = keysFor(environment).queue({ kind: 'host', host: host(name) }, 'wait');
      const listed = await redis.command('LRANGE', queue, '0', '-1');
      return listed === '' ? [] : listed.split('\n');
    },
    order: async (name, job) => {
      const key = keysFor(environment).queue({ kind: 'host', host: host(name) }, job);
      const { order } = z.object({ order: z.string() }).parse(JSON.parse(await redis.command('HGET', key, 'data')));
      const { payload } = z.looseObject({ payload: z.string() }).parse(JSON.parse(order));
      return orderSchema.parse(JSON.parse(Buffer.from(payload, 'base64').toString()));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  return set;
}
