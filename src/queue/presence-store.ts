import type { HostName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { signedSchema, type Signed } from '../core/signed.ts';
import type { Client } from './connection.ts';
import { isWrongType } from './connection-error.ts';
import { replies, type Link } from './link.ts';

const PAGE = 1000;

/** More than a host says that is believed; it may write half a gigabyte, which no reader can take. */
const MOST_BYTES = 2 * 1024 * 1024;

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
    const texts = await ask((client) => readBeginnings(client, page.map(key)));
    for (const [index, host] of page.entries()) {
      const value = parseJsonAs(signedSchema, texts[index]);
      if (value !== null) found.set(host, value);
    }
  }
  return found;
}

/** What is longer is cut, and so is no JSON; of a key that holds something else there is nothing. */
async function readBeginnings(client: Client, keys: readonly string[]): Promise<readonly string[]> {
  const asked = client.pipeline();
  for (const key of keys) asked.getrange(key, 0, MOST_BYTES);
  const results = (await asked.exec()) ?? [];
  const texts = replies(results.map(([error, text]) => (isWrongType(error) ? [null, ''] : [error, text])));
  return texts.map(String);
}
