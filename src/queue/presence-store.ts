import type { HostName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { signedSchema, type Signed } from '../core/signed.ts';
import type { Link } from './link.ts';

const PAGE = 1000;

/** One can tell so long since when a host is away. That the key is there says nothing, only what is signed in it does. */
const REMEMBERED_MS = 30 * 24 * 3600 * 1000;

export async function announce({ ask, keys }: Link, host: HostName, presence: Signed): Promise<void> {
  await ask((client) => client.set(keys.presence(host), JSON.stringify(presence), 'PX', REMEMBERED_MS));
}

export async function saveFacts({ ask, keys }: Link, host: HostName, facts: Signed): Promise<void> {
  await ask((client) => client.set(keys.facts(host), JSON.stringify(facts)));
}

export async function readPresences(link: Link, hosts: readonly HostName[]): Promise<ReadonlyMap<HostName, Signed>> {
  return await readEach(link, hosts, link.keys.presence);
}

export async function readFacts(link: Link, hosts: readonly HostName[]): Promise<ReadonlyMap<HostName, Signed>> {
  return await readEach(link, hosts, link.keys.facts);
}

async function readEach(
  { ask }: Link,
  hosts: readonly HostName[],
  key: (host: HostName) => string,
): Promise<ReadonlyMap<HostName, Signed>> {
  const found = new Map<HostName, Signed>();
  for (let start = 0; start < hosts.length; start += PAGE) {
    const page = hosts.slice(start, start + PAGE);
    const texts = await ask((client) => client.mget(page.map(key)));
    for (const [index, host] of page.entries()) {
      const value = parseJsonAs(signedSchema, texts[index]);
      if (value !== null) found.set(host, value);
    }
  }
  return found;
}
