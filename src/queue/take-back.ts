import type { Destination } from '../core/run.ts';
import { replies, type Link } from './link.ts';

/** A worker has far fewer under way; more is somebody's rubbish. */
const MOST = 1000;

/**
 * Lets BullMQ's next look for stalled jobs hand out everything that is active in a host's queue. Only that host's worker
 * reads it, so at its start what is active was taken by a worker that is gone; waiting until the locks are over would
 * keep the operator in the dark for minutes. Should the old worker still live, both go by the same ledger.
 */
export async function takeBackAbandoned({ ask, keys }: Link, queue: Destination): Promise<void> {
  await ask(async (client) => {
    const active = await client.lrange(keys.queue(queue, 'active'), 0, MOST - 1);
    if (active.length === 0) return;
    const transaction = client
      .multi()
      .unlink(...active.map((job) => keys.queue(queue, `${job}:lock`)))
      .sadd(keys.queue(queue, 'stalled'), ...active)
      .unlink(keys.queue(queue, 'stalled-check'));
    replies(await transaction.exec());
  });
}
