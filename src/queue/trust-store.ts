import * as z from 'zod';
import type { ShownTrust, TrustText } from './broker.ts';
import type { Link } from './link.ts';
import { PUBLISH_TRUST, SHOW_TRUST } from './trust-scripts.ts';

const shownSchema = z.tuple([z.string().nullable(), z.string().nullable()]);

/**
 * Trust files by version, all that there ever were: a host that was off for long follows them one by one. Readers
 * believe none of it before they have seen the signatures.
 */
export async function shownTrust({ ask, keys }: Link): Promise<ShownTrust> {
  const [newest, envelope] = shownSchema.parse(await ask((client) => client.eval(SHOW_TRUST, 1, keys.trust)));
  return { version: versionOf(newest), envelope };
}

/** Shows another one as the newest, unless what was shown has changed since; says whether it did. */
export async function publishTrust({ ask, keys }: Link, to: TrustText, { envelope }: ShownTrust): Promise<boolean> {
  const values = [to.version, to.envelope, envelope ?? ''];
  return (await ask((client) => client.eval(PUBLISH_TRUST, 1, keys.trust, ...values))) === 1;
}

/** The highest version there is; null when there is none. */
export async function newestTrust({ ask, keys }: Link): Promise<number | null> {
  return versionOf(await ask((client) => client.hget(keys.trust, 'newest')));
}

export async function trustOf({ ask, keys }: Link, version: number): Promise<string | null> {
  return await ask((client) => client.hget(keys.trust, String(version)));
}

function versionOf(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
