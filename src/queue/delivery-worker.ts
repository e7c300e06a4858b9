import {
  QueueKeys,
  RedisConnection,
  RedisQueueBackend,
  Worker,
  type BackendFactory,
  type Job,
  type JobJson,
} from 'bullmq';
import * as z from 'zod';
import { queueNameOf, type Destination } from '../core/run.ts';
import type { Delivery } from './broker.ts';
import type { Client } from './connection.ts';
import type { PatientLink } from './patient-link.ts';
import { RoleQueueBackend } from './role-queue-backend.ts';

export type Consumption = {
  readonly queue: Destination;
  readonly concurrency: number;
  readonly handle: (delivery: Delivery) => Promise<void>;
};

export type Timing = {
  /** How long a worker waits for a job before it asks anew; new jobs are served at once in any case. */
  readonly drainDelayS: number;
  /** Of the lock of a job, and between looks for jobs whose lock is over. */
  readonly lockMs: number;
};

export type WorkerConnections = {
  /** Shared with everything else the host does with Redis. */
  readonly link: PatientLink;
  /** The worker's own, on which it waits. */
  readonly blocking: Client;
  readonly timing: Timing | undefined;
};

/** Long, because every look into a queue is commands of every host. */
const HOST_TIMING: Timing = { drainDelayS: 300, lockMs: 300_000 };
/** Shorter: so long may a job wait that Redis announced to a worker whose machine had just lost its power. */
const ROLE_TIMING: Timing = { drainDelayS: 120, lockMs: 300_000 };
const FAILED_KEPT_S = 7 * 24 * 3600;

/** BullMQ's worker for one queue, not yet running. What becomes of a job is in consume.ts. */
export function makeDeliveryWorker(
  { queue, concurrency, handle }: Consumption,
  connections: WorkerConnections,
): DeliveryWorker {
  const { client, keys } = connections.link;
  const isHostQueue = queue.kind === 'host';
  const { drainDelayS, lockMs } = connections.timing ?? (isHostQueue ? HOST_TIMING : ROLE_TIMING);
  return new DeliveryWorker(
    queueNameOf(queue),
    (job) => handle({ queue, job: job.id ?? '', envelope: envelopeIn(job.data) }),
    {
      connection: client,
      prefix: keys.prefix,
      autorun: false,
      concurrency,
      drainDelay: drainDelayS,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: isHostQueue ? Number.MAX_SAFE_INTEGER : 0,
      runRetryDelay: 1000,
      removeOnComplete: { count: 0 },
      removeOnFail: { age: FAILED_KEPT_S, count: 100 },
    },
    backendOn(connections, isHostQueue ? RedisQueueBackend : RoleQueueBackend),
  );
}

/**
 * Ends although a job is under way that will not end: closing waits for that, and goes on to prolong its lock for ever,
 * which keeps the process alive. Hands each job over once, whatever its hash asks BullMQ for: to repeat it, to try it
 * again. Survives a job whose data is not JSON: it is handed over empty, to be refused like any other rubbish.
 */
class DeliveryWorker extends Worker<unknown, void> {
  protected override createJob({ repeatJobKey: _, ...json }: JobJson, id: string): Job<unknown, void> {
    const data = isJson(json.data) ? json.data : '{}';
    return super.createJob({ ...json, id, data, opts: {} }, id);
  }

  /** Lets go of the jobs under way; nothing is said of them. */
  async leaveJobs(): Promise<void> {
    await this.lockManager.close();
  }
}

/** BullMQ would make the blocking connection itself, out of our reach; see `untilSafeToCut` for why that matters. */
function backendOn(
  { link, blocking }: WorkerConnections,
  Backend: typeof RedisQueueBackend,
): BackendFactory<RedisQueueBackend> {
  const queueKeys = new QueueKeys(link.keys.prefix);
  return (name, options) =>
    new Backend(
      new RedisConnection(link.client, { shared: true, skipVersionCheck: true }),
      name,
      queueKeys.getKeys(name),
      (part) => queueKeys.toKey(name, part),
      options,
      new RedisConnection(blocking, { blocking: true, skipVersionCheck: true }),
    );
}

const dataSchema = z.object({ order: z.string() });

function envelopeIn(data: unknown): string {
  return dataSchema.safeParse(data).data?.order ?? '';
}

function isJson(text: unknown): boolean {
  if (typeof text !== 'string') return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
