import { ConnectionError } from '../core/errors.ts';
import type { Client } from './connection.ts';
import type { Keys } from './names.ts';

/**
 * A way to Redis under one policy. `ask` runs an operation, which must be safe to run twice, and turns what goes wrong
 * into a ConnectionError: within seconds for the operator's side, only when closed or refused for good for a worker.
 */
export type Link = {
  readonly keys: Keys;
  readonly ask: <T>(operation: (client: Client) => Promise<T>) => Promise<T>;
};

/** Lines for a log; nothing in them is secret. */
export type Log = (line: string) => void;

/** The replies of a pipeline or transaction; its first error is thrown. */
export function replies(results: readonly (readonly [error: Error | null, reply: unknown])[] | null): unknown[] {
  return (results ?? []).map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}

/**
 * Redis' own time in milliseconds since 1970.
 * @throws ConnectionError BROKER_UNFIT when the answer is no time.
 */
export async function readTime(client: Client): Promise<number> {
  const [seconds, microseconds] = await client.time();
  const time = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  if (Number.isSafeInteger(time)) return time;
  throw new ConnectionError('BROKER_UNFIT', 'what answers does not know the time, so it is not Redis', {
    hint: 'check host and port of broker.url',
  });
}
