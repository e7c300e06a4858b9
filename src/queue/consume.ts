import { messageOf } from '../core/errors.ts';
import { queueNameOf } from '../core/run.ts';
import type { Consumer } from './broker.ts';
import type { Client } from './connection.ts';
import { makeDeliveryWorker, type Consumption, type Timing } from './delivery-worker.ts';
import { untilSafeToCut } from './disconnect.ts';
import { watchWaits } from './end-waits.ts';
import type { Log } from './link.ts';
import type { PatientLink } from './patient-link.ts';
import { pauseOnErrors } from './pause-on-errors.ts';
import { takeBackAbandoned } from './take-back.ts';

export type ConsumeContext = {
  readonly link: PatientLink;
  /** Makes the connection on which the consumer waits; it must not come back once `stop` is aborted. */
  readonly makeBlockingClient: (stop: AbortSignal) => Client;
  readonly log: Log;
  readonly timing?: Timing;
};

/**
 * A job's life here: waiting → active (a worker took it) → gone when `handle` is done; when it threw, a host's queue
 * keeps it as failed. A worker that dies leaves its job active. On a host's queue the next worker of that host takes it
 * back at once, and the host's ledger knows whether it was done. On a role's queue nobody but the host that took it can
 * know, so the job is not handed to another: it ends as failed when its lock is over, and the host tells what became of
 * it.
 */
export function consume(consumption: Consumption, context: ConsumeContext): Consumer {
  const { queue } = consumption;
  const { link } = context;
  const log: Log = (line) => context.log(`${queueNameOf(queue)}: ${line}`);
  const stop = new AbortController();
  const blocking = context.makeBlockingClient(stop.signal);
  const waits = watchWaits(blocking);
  const worker = makeDeliveryWorker(consumption, { link, blocking, timing: context.timing });
  const wake = makeWaker(link, link.keys.queue(queue, 'marker'), log);
  const errors = pauseOnErrors(worker, wake, log);
  worker.on('failed', (job, error) => log(`job ${job?.id}: ${error.message}`));
  blocking.once('ready', () => blocking.on('ready', () => void wake()));
  // BullMQ stops listening when it closes; what the client then says is of no interest.
  blocking.on('error', () => undefined);
  const start = async (): Promise<void> => {
    if (queue.kind === 'host') await takeBackAbandoned(link, queue).catch((error: unknown) => log(messageOf(error)));
    await worker.run();
  };
  start().catch((error: unknown) => log(messageOf(error)));
  return {
    drain: async () => {
      errors.ignore();
      stop.abort();
      await worker.pause(true);
      await untilSafeToCut(blocking);
      if (blocking.status === 'end') waits.end();
      await worker.close();
    },
    close: async () => {
      errors.ignore();
      stop.abort();
      await untilSafeToCut(blocking);
      // Closing the backend first keeps BullMQ from marking what is under way as failed.
      await worker.getBackend().close(true);
      waits.end();
      await worker.leaveJobs();
      void worker.close(true);
    },
  };
}

/**
 * Redis wakes a waiting worker through a marker that it hands over once. One handed to a connection that was already
 * dead, or to a worker that was then denied the job, is lost; after either there must be one, which costs one look.
 */
function makeWaker({ client }: PatientLink, marker: string, log: Log): () => Promise<void> {
  return async () => {
    await client.zadd(marker, 0, '0').catch((error: unknown) => log(messageOf(error)));
  };
}
