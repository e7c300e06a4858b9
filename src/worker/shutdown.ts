import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '../queue/broker.ts';
import type { WorkerContext } from './worker-context.ts';

/** `drain` is aborted by the first wish to stop, `force` by the second. */
export type StopSignals = { readonly drain: AbortSignal; readonly force: AbortSignal };

/** How long jobs under way may still end while this worker can tell it. */
const GRACE_MS = 10_000;
/** How long the broker may take to note what has ended. */
const CLOSE_MS = 2000;

/** Turns wishes to stop, one after the other, into signals. */
export function createStop(): { readonly request: () => void; readonly signals: StopSignals } {
  const drain = new AbortController();
  const force = new AbortController();
  return {
    request: () => (drain.signal.aborted ? force : drain).abort(),
    signals: { drain: drain.signal, force: force.signal },
  };
}

export type Stopping = {
  readonly worker: WorkerContext;
  readonly consumers: readonly Consumer[];
  /** Ends the following of executors. */
  readonly leave: () => void;
  /** Settles when all else the worker does has ended. */
  readonly background: Promise<unknown>;
};

/**
 * Stops in stages: no more jobs are taken and none that waits is begun; what is under way gets ten seconds to end;
 * then it is left. Executors go on in processes of their own and the next worker tells how their jobs ended; apt is
 * never waited for. `force` skips what waiting is left.
 */
export async function shutDown({ worker, consumers, leave, background }: Stopping, force: AbortSignal): Promise<void> {
  worker.log('stopping: no more jobs are taken; another signal ends it at once');
  const drained = Promise.allSettled([background, ...consumers.map(async (consumer) => await consumer.drain())]);
  // A job that was taken before the wish may come to hand only after it.
  await within(GRACE_MS, Promise.all([worker.underWay.settled(), drained]), force);
  leave();
  await within(CLOSE_MS, drained, force);
  await Promise.all(consumers.map(async (consumer) => await consumer.close()));
  worker.log('stopped');
}

/** Waits for the work, but not longer than that, nor when forced. */
async function within(ms: number, work: Promise<unknown>, force: AbortSignal): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([force, over.signal]);
  const timeout = sleep(ms, undefined, { signal }).catch(() => undefined);
  try {
    await Promise.race([work, timeout]);
  } finally {
    over.abort();
  }
}
