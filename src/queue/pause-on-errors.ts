import type { Worker } from 'bullmq';
import { messageOf } from '../core/errors.ts';
import { isReply } from './connection-error.ts';
import type { Log } from './link.ts';

const SHORTEST_MS = 1000;
const LONGEST_MS = 60_000;

/**
 * Pauses a worker to which Redis says no, longer each time. BullMQ itself asks again at once, which with a wrong
 * password or right is thousands of commands a second. A connection that is cut is not a no: the client waits by itself.
 * `wake` is called before it goes on.
 */
export function pauseOnErrors(worker: Worker, wake: () => Promise<void>, log: Log): { readonly ignore: () => void } {
  let pauseMs = SHORTEST_MS;
  let lastAt = -Infinity;
  let timer: NodeJS.Timeout | null = null;
  let ignored = false;
  worker.on('error', (error) => {
    if (ignored || timer !== null || !isReply(error)) return;
    const now = performance.now();
    pauseMs = now - lastAt > 2 * LONGEST_MS ? SHORTEST_MS : Math.min(2 * pauseMs, LONGEST_MS);
    lastAt = now;
    log(`${messageOf(error)}; trying again in ${pauseMs / 1000} s`);
    timer = setTimeout(() => {
      timer = null;
      void wake().then(() => (ignored ? undefined : worker.resume()));
    }, pauseMs);
    void worker.pause(true);
  });
  return {
    ignore: () => {
      ignored = true;
      clearTimeout(timer ?? undefined);
    },
  };
}
