import type * as z from 'zod';
import type { HostName } from '../core/names.ts';
import { hostFactsSchema, presenceSchema, type HostFacts, type Presence } from '../core/presence.ts';
import { replies, type Link } from './link.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';

const PAGE = 1000;

/**
 * A presence key outlives the presence by this, so that one can tell how long a host has been away: by Redis' own
 * clock, from the time the key has left, and without a second key for the host to write.
 */
const REMEMBERED_MS = 30 * 24 * 3600 * 1000;

/** The host is online until `ttlMs` have passed. */
export async function announce(
  { ask, keys }: Link,
  host: HostName,
  said: { presence: Presence; ttlMs: number },
): Promise<void> {
  const keptMs = REMEMBERED_MS + said.ttlMs;
  await ask((client) => client.set(keys.presence(host), JSON.stringify(said.presence), 'PX', keptMs));
}

export async function withdrawPresence({ ask, keys }: Link, host: HostName): Promise<void> {
  await ask((client) => client.pexpire(keys.presence(host), REMEMBERED_MS));
}

export async function saveFacts({ ask, keys }: Link, host: HostName, facts: HostFacts): Promise<void> {
  await ask((client) => client.set(keys.facts(host), JSON.stringify(facts)));
}

/** The hosts that are online. */
export async function readPresences(link: Link, hosts: readonly HostName[]): Promise<ReadonlyMap<HostName, Presence>> {
  const said = await readEach(link, hosts, { key: link.keys.presence, schema: presenceSchema });
  const left = await readTimesLeft(link, [...said.keys()]);
  return new Map([...said].filter(([host]) => (left.get(host) ?? 0) > REMEMBERED_MS));
}

/** For hosts that were online within a month and are not, how long they have been away, milliseconds. */
export async function readAbsences(link: Link, hosts: readonly HostName[]): Promise<ReadonlyMap<HostName, number>> {
  const left = await readTimesLeft(link, hosts);
  const away = [...left].filter(([, ms]) => ms >= 0 && ms <= REMEMBERED_MS);
  return new Map(away.map(([host, ms]) => [host, REMEMBERED_MS - ms]));
}

export async function readFacts(link: Link, hosts: readonly HostName[]): Promise<ReadonlyMap<HostName, HostFacts>> {
  return await readEach(link, hosts, { key: link.keys.facts, schema: hostFactsSchema });
}

/** Milliseconds each presence key has left; negative when there is none, or when somebody took its expiry away. */
async function readTimesLeft({ ask, keys }: Link, hosts: readonly HostName[]): Promise<ReadonlyMap<HostName, number>> {
  const times = new Map<HostName, number>();
  for (let start = 0; start < hosts.length; start += PAGE) {
    const page = hosts.slice(start, start + PAGE);
    const left = await ask(async (client) => {
      const pipeline = client.pipeline();
      for (const host of page) pipeline.pttl(keys.presence(host));
      return replies(await pipeline.exec());
    });
    for (const [index, host] of page.entries()) times.set(host, Number(left[index]));
  }
  return times;
}

async function readEach<Schema extends z.ZodType>(
  { ask }: Link,
  hosts: readonly HostName[],
  { key, schema }: { readonly key: (host: HostName) => string; readonly schema: Schema },
): Promise<ReadonlyMap<HostName, z.output<Schema>>> {
  const found = new Map<HostName, z.output<Schema>>();
  for (let start = 0; start < hosts.length; start += PAGE) {
    const page = hosts.slice(start, start + PAGE);
    const texts = await ask((client) => client.mget(page.map(key)));
    for (const [index, host] of page.entries()) {
      const value = parseJsonAs(schema, texts[index]);
      if (value !== null) found.set(host, value);
    }
  }
  return found;
}
