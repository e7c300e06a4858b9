import * as z from 'zod';
import type { Link } from './link.ts';
import { FIND_OVERSIZED } from './stream-scripts.ts';

/**
 * More than a host says on a run, of whose output it sends a quarter of a megabyte, or refuses. A host may write half a
 * gigabyte into one entry, which no reader can take; so what is larger is not read.
 */
export const MOST_STREAM_BYTES = 64 * 1024 * 1024;
const KEYS_AT_ONCE = 1000;
const keysSchema = z.array(z.string());

/** Those of the keys that hold more than is read. */
export async function findOversized({ ask }: Link, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const pages = Array.from({ length: Math.ceil(keys.length / KEYS_AT_ONCE) }, (_, page) =>
    keys.slice(page * KEYS_AT_ONCE, (page + 1) * KEYS_AT_ONCE),
  );
  const found = await ask((client) =>
    Promise.all(pages.map((page) => client.eval(FIND_OVERSIZED, page.length, ...page, MOST_STREAM_BYTES))),
  );
  return new Set(found.flatMap((answer) => keysSchema.parse(answer)));
}
