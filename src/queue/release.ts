import { FlowProducer, type RedisQueueBackend } from 'bullmq';
import type { ChainableCommander } from 'ioredis';
import type { JobId } from '../core/ids.ts';
import { queueNameOf, type Destination } from '../core/run.ts';
import type { Release } from './broker.ts';
import type { Client } from './connection.ts';
import { isWrongType } from './connection-error.ts';
import { replies, type Link } from './link.ts';
import { despiteBentQueues, type TakeReplies } from './mend-queue.ts';
import type { Keys } from './names.ts';

/** Orders of one transaction: large enough that round trips cost nothing, small enough for progress and for Redis. */
const BATCH = 500;

/**
 * Puts orders into any number of queues over one connection. BullMQ's flows are what it offers for that; ours have one
 * node each. A queue object per host would cost each a handshake.
 */
export function makeReleaser(client: Client, { ask, keys }: Link): Releaser {
  const producer = new FlowProducer({ connection: client, prefix: keys.prefix, skipVersionCheck: true });
  const backend = producer.getBackend();
  return {
    release: async (orders, onQueued) => {
      for (let start = 0; start < orders.length; start += BATCH) {
        const batch = orders.slice(start, start + BATCH);
        await ask(() =>
          despiteBentQueues({ client, keys }, batch, (take) => queueBatch({ client, backend, keys, take }, batch)),
        );
        onQueued?.(start + batch.length);
      }
    },
    close: () => producer.close(),
  };
}

export type Releaser = {
  readonly release: (orders: readonly Release[], onQueued?: (count: number) => void) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Takes out of the queues what no worker has begun: an id that was still in the waiting list is nobody's any more. */
export async function withdrawJobs(
  { ask, keys }: Link,
  jobs: readonly { readonly job: JobId; readonly to: Destination }[],
): Promise<readonly JobId[]> {
  const withdrawn: JobId[] = [];
  for (let start = 0; start < jobs.length; start += BATCH) {
    const batch = jobs.slice(start, start + BATCH);
    withdrawn.push(...(await ask((client) => withdrawBatch(client, keys, batch))));
  }
  return withdrawn;
}

/** What a job has before anyone took it. */
const UNTOUCHED = {
  progress: 0,
  attemptsMade: 0,
  attemptsStarted: 0,
  failedReason: '',
  returnvalue: '',
  stalledCounter: 0,
} as const;

type Outlet = {
  readonly client: Client;
  readonly backend: RedisQueueBackend;
  readonly keys: Keys;
  readonly take: TakeReplies;
};

/**
 * BullMQ ignores a job whose id is there already, so this may be repeated. Nobody reads BullMQ's event streams here: the
 * first one of a queue would cost 4 KB, so they are limited to nothing before and dropped after.
 */
async function queueBatch({ client, backend, keys, take }: Outlet, batch: readonly Release[]): Promise<void> {
  const before = client.pipeline();
  const after = client.pipeline();
  for (const { to } of batch) {
    before.hset(keys.queue(to, 'meta'), 'opts.maxLenEvents', 0);
    after.unlink(keys.queue(to, 'events'));
  }
  const timestamp = Date.now();
  const entries = batch.map(({ job, to, envelope }) => ({
    jobData: {
      id: job,
      name: 'order',
      data: JSON.stringify({ order: envelope }),
      opts: { attempts: 1 },
      timestamp,
      ...UNTOUCHED,
    },
    jobId: job,
    parentKeyOpts: {},
    prefix: keys.prefix,
    queueName: queueNameOf(to),
  }));
  take(await before.exec());
  take(await backend.addFlow(entries));
  take(await after.exec());
}

async function withdrawBatch(
  client: Client,
  keys: Keys,
  batch: readonly { readonly job: JobId; readonly to: Destination }[],
): Promise<readonly JobId[]> {
  const takeOut = client.pipeline();
  for (const { job, to } of batch) takeOut.lrem(keys.queue(to, 'wait'), 0, job);
  const counts = replies(despiteBent(await takeOut.exec()));
  const taken = batch.filter((_, index) => Number(counts[index]) > 0);
  const forget = client.pipeline();
  for (const { job, to } of taken) forget.unlink(keys.queue(to, job));
  replies(await forget.exec());
  return taken.map(({ job }) => job);
}

/** A list that its host made something else of has no job that waits. */
function despiteBent(results: Awaited<ReturnType<ChainableCommander['exec']>>): [Error | null, unknown][] {
  return (results ?? []).map(([error, reply]) => (isWrongType(error) ? [null, 0] : [error, reply]));
}
