import { messageOf } from '../core/errors.ts';
import type { JobId } from '../core/ids.ts';
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
} as const;

/** Of no use to us, who give jobs their ids and read no events; and either can be filled so that nothing more goes in. */
const UNUSED = ['id', 'events'] as const;

/** What Redis says of a queue that is bent. */
const BENT = /WRONGTYPE|not an integer|would overflow|last possible ID/;

/** A host that bends its queue anew each time only goes without its own orders. */
const ATTEMPTS = 3;

/** Takes the replies of a pipeline or transaction. */
export type TakeReplies = (results: Parameters<typeof replies>[0]) => unknown[];

type Place = { readonly client: Client; readonly keys: Keys };
type Queued = { readonly job: JobId; readonly to: Destination };

/**
 * Does something with many queues at once, and again after mending them where one is bent: a host may write what it
 * likes under the names of its own queue, and must not keep orders from others by that. `work` must be safe to repeat.
 */
export async function despiteBentQueues<T>(
  { client, keys }: Place,
  jobs: readonly Queued[],
  work: (take: TakeReplies) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt < ATTEMPTS ? replies : repliesDespiteBent);
    } catch (error) {
      if (attempt === ATTEMPTS || !BENT.test(messageOf(error))) throw error;
      await mend(client, keys, jobs);
    }
  }
}

function repliesDespiteBent(results: Parameters<TakeReplies>[0]): unknown[] {
  return replies((results ?? []).filter(([error]) => error === null || !BENT.test(error.message)));
}

/** Drops what is not what BullMQ keeps there; a host can know the id of a job of a schedule before the job is there. */
async function mend(client: Client, keys: Keys, jobs: readonly Queued[]): Promise<void> {
  const parts = jobs.flatMap(({ job, to }) =>
    Object.entries({ ...TYPES, [job]: 'hash' }).map(([name, type]) => ({ key: keys.queue(to, name), type })),
  );
  const asked = client.pipeline();
  for (const { key } of parts) asked.type(key);
  const found = replies(await asked.exec());
  const bent = parts.filter(({ type }, index) => found[index] !== type && found[index] !== 'none');
  const dropped = client.pipeline();
  for (const { key } of bent) dropped.unlink(key);
  for (const { to } of jobs) dropped.unlink(UNUSED.map((name) => keys.queue(to, name)));
  replies(await dropped.exec());
}
