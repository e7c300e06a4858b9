import { readIfThere } from '../host/read-if-there.ts';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { writeDurably } from '../host/durable-file.ts';
import type { Trust } from '../trust/trust-file.ts';
import { verifyTrust } from '../trust/verify-trust.ts';
import type { HostPolicy } from './host-policy.ts';

/** The accepted trust file, and the roots this host was given when it accepted it. */
const storedSchema = z.strictObject({ pinned: z.array(z.string()), envelope: z.string() });

/**
 * The trust file this host accepted last; null when there is none, it is damaged, or the host was given other roots
 * since and they have not signed it.
 */
export async function readHostTrust(stateDir: string, { fleet, roots }: HostPolicy): Promise<Trust | null> {
  const stored = parseJsonAs(storedSchema, await readIfThere(trustFile(stateDir)));
  if (stored === null) return null;
  const isSame = stored.pinned.toSorted().join() === roots.toSorted().join();
  // Its roots may have been replaced since, version by version; that they follow from ours was seen each time.
  const pinned = isSame ? 'its own' : roots;
  const verified = verifyTrust(stored.envelope, { fleet, pinned, known: null, now: Number.MAX_SAFE_INTEGER });
  return verified.ok ? verified.trust : null;
}

/** Keeps a trust file that was verified, so that it cannot be taken back by whoever owns Redis. */
export async function writeHostTrust(stateDir: string, { roots }: HostPolicy, envelope: string): Promise<void> {
  await writeDurably(trustFile(stateDir), `${JSON.stringify({ pinned: roots, envelope })}\n`);
}

function trustFile(stateDir: string): string {
  return join(stateDir, 'trust.json');
}
