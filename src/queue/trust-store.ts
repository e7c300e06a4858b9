import type { Link } from './link.ts';

const NEWEST = 'newest';

/**
 * Trust files by version, all that there ever were: a host that was off for long follows them one by one. Readers
 * believe none of it before they have seen the signatures.
 */
export async function publishTrust({ ask, keys }: Link, version: number, envelope: string): Promise<void> {
  await ask((client) => client.hset(keys.trust, String(version), envelope, NEWEST, String(version)));
}

/** The highest version there is; null when there is none. */
export async function newestTrust({ ask, keys }: Link): Promise<number | null> {
  const text = await ask((client) => client.hget(keys.trust, NEWEST));
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

export async function trustOf({ ask, keys }: Link, version: number): Promise<string | null> {
  return await ask((client) => client.hget(keys.trust, String(version)));
}
