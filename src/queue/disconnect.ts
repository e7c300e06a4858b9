import { once } from 'node:events';
import { Cluster } from 'ioredis';
import type { Client } from './connection.ts';

/** Cuts the connection and waits until it is gone; what still waits in the client fails. The client's `stop` is aborted. */
export async function disconnect(client: Client): Promise<void> {
  await untilSafeToCut(client);
  if (client.status === 'end') return;
  const ended = bounded(once(client, 'end'), CUT_MS);
  client.disconnect();
  await ended;
}

/** How long an attempt to connect may take to come to its end. */
const ATTEMPT_MS = 5000;
const CUT_MS = 1000;

/**
 * ioredis forgets what it was about when it is closed between two attempts to connect, and a Cluster also during one:
 * no `end` is told, and what waits in the client waits for ever. A client that has been stopped makes no further
 * attempt, so it is soon connected or at its end.
 */
export async function untilSafeToCut(client: Client): Promise<void> {
  const safe = client instanceof Cluster ? ['ready', 'end'] : ['connecting', 'connect', 'ready', 'end'];
  if (safe.includes(client.status)) return;
  const done = Promise.withResolvers<void>();
  for (const status of safe) client.once(status, done.resolve);
  await bounded(done.promise, ATTEMPT_MS);
  for (const status of safe) client.off(status, done.resolve);
}

async function bounded(work: Promise<unknown>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work.catch(() => null), promise]);
  clearTimeout(timer);
}
