import * as z from 'zod';
import { messageOf } from '../core/errors.ts';
import { hostNameSchema, type HostName } from '../core/names.ts';
import { refusalCodeSchema } from '../core/report.ts';
import type { Refusal } from './broker.ts';
import type { Client } from './connection.ts';
import type { Link } from './link.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';

/** Who can push rubbish into a host's queue can fill this; no more of it is kept. */
const MOST_REFUSALS = 100;

const refusalSchema = z.strictObject({
  host: hostNameSchema,
  at: z.int().min(0),
  queue: z.string().max(200),
  job: z.string().max(500),
  code: refusalCodeSchema,
  message: z.string().max(4000),
});

export async function addRefusal({ ask, keys }: Link, refusal: Refusal): Promise<void> {
  const text = JSON.stringify(refusal);
  await ask((client) => client.xadd(keys.refusals(refusal.host), 'MAXLEN', '~', MOST_REFUSALS, '*', 'refusal', text));
}

/** Newest first; what is not a refusal is left out. */
export async function readRefusals(
  { ask, keys }: Link,
  hosts: readonly HostName[],
  limit: number,
): Promise<readonly Refusal[]> {
  const count = Math.min(limit, MOST_REFUSALS);
  const found = await ask((client) => Promise.all(hosts.map((host) => readStream(client, keys.refusals(host), count))));
  const refusals = found.flat().toSorted((a, b) => b.at - a.at);
  return refusals.slice(0, limit);
}

/** A key that is no stream, which a host can make of its own, holds no refusals. */
async function readStream(client: Client, key: string, count: number): Promise<readonly Refusal[]> {
  const entries = await client.xrevrange(key, '+', '-', 'COUNT', count).catch((error: unknown) => {
    if (messageOf(error).startsWith('WRONGTYPE')) return [];
    throw error;
  });
  return entries.flatMap(([, [name, text]]) => (name === 'refusal' ? (parseJsonAs(refusalSchema, text) ?? []) : []));
}
