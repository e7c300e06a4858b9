import type { HostName } from '../core/names.ts';
import type { Signed } from '../core/signed.ts';
import type { StoredRefusal } from './broker.ts';
import type { Client } from './connection.ts';
import { isWrongType } from './connection-error.ts';
import type { Link } from './link.ts';
import { findOversized } from './oversized-streams.ts';

/** Who can push rubbish into a host's queue can fill this; no more of it is kept. */
const MOST_REFUSALS = 100;

export async function addRefusal({ ask, keys }: Link, host: HostName, { text, signature }: Signed): Promise<void> {
  const entry = ['refusal', text, 'signature', signature];
  await ask((client) => client.xadd(keys.refusals(host), 'MAXLEN', '~', MOST_REFUSALS, '*', ...entry));
}

/** The newest of each host; of one host newest first. A host that has filled its stream has none. */
export async function readRefusals(
  link: Link,
  hosts: readonly HostName[],
  limit: number,
): Promise<readonly StoredRefusal[]> {
  const { ask, keys } = link;
  const count = Math.min(limit, MOST_REFUSALS);
  const oversized = await findOversized(link, hosts.map(keys.refusals));
  const read = hosts.filter((host) => !oversized.has(keys.refusals(host)));
  const found = await ask((client) => Promise.all(read.map((host) => readStream(client, keys.refusals(host), count))));
  return found.flatMap((entries, index) => {
    const from = read[index];
    return from === undefined ? [] : entries.map((entry) => ({ from, ...entry }));
  });
}

/** A key that is no stream, which a host can make of its own, holds no refusals. */
async function readStream(client: Client, key: string, count: number): Promise<readonly Signed[]> {
  const entries = await client.xrevrange(key, '+', '-', 'COUNT', count).catch((error: unknown) => {
    if (isWrongType(error)) return [];
    throw error;
  });
  return entries.map(([, [, text = '', , signature = '']]) => ({ text, signature }));
}
