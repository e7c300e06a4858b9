import { Cluster, type Redis } from 'ioredis';
import type { HostName } from '../core/names.ts';
import type { Link } from './link.ts';

/** Removes a host's own queue and what it said of itself. What it reported stays with the runs. */
export async function forgetHost({ ask, keys }: Link, host: HostName): Promise<void> {
  const queue = keys.queue({ kind: 'host', host }, '*');
  await ask(async (client) => {
    await client.unlink([keys.presence(host), keys.facts(host), keys.refusals(host)]);
    const nodes = client instanceof Cluster ? client.nodes('master') : [client];
    for (const node of nodes) await unlinkMatching(node, queue);
  });
}

/** No name of a host or an environment has a character that a pattern reads as more than itself. */
async function unlinkMatching(node: Redis, pattern: string): Promise<void> {
  for (let cursor = '0'; ;) {
    const [next, found] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
    if (found.length > 0) await node.unlink(found);
    if (next === '0') return;
    cursor = next;
  }
}
