import { messageOf } from '../core/errors.ts';
import type { Destination } from '../core/run.ts';
import type { Client } from './connection.ts';
import { replies } from './link.ts';
import type { Keys } from './names.ts';

/** What BullMQ keeps under the names of a queue, and how. */
const TYPES = {
  meta: 'hash',
  wait: 'list',
  paused: 'list',
  active: 'list',
  completed: 'zset',
  failed: 'zset',
  delayed: 'zset',
  prioritized: 'zset',
  marker: 'zset',
  events: 'stream',
} as const;

/** A host that bends its queue anew each time only gets its own orders late. */
const ATTEMPTS = 3;

type Place = { readonly client: Client; readonly keys: Keys };

/**
 * Does something with many queues at once, and again after mending them where one is bent: a host may write what it
 * likes under the names of its own queue, and must not keep orders from others by that. `work` must be safe to repeat.
 */
export async function despiteBentQueues<T>(
  { client, keys }: Place,
  queues: readonly Destination[],
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !/WRONGTYPE|not an integer/.test(messageOf(error))) throw error;
      await mend(client, keys, queues);
    }
  }
}

/** Drops what is not what BullMQ keeps there. The counter is of no use to us, who give jobs their ids. */
async function mend(client: Client, keys: Keys, queues: readonly Destination[]): Promise<void> {
  const parts = queues.flatMap((to) =>
    Object.entries(TYPES).map(([name, type]) => ({ key: keys.queue(to, name), type })),
  );
  const asked = client.pipeline();
  for (const { key } of parts) asked.type(key);
  const found = replies(await asked.exec());
  const bent = parts.filter(({ type }, index) => found[index] !== type && found[index] !== 'none');
  const dropped = client.pipeline();
  for (const { key } of bent) dropped.unlink(key);
  for (const to of queues) dropped.unlink(keys.queue(to, 'id'));
  replies(await dropped.exec());
}
