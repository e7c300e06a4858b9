import { readFile } from 'node:fs/promises';
import type { FleetConfig } from '../config/fleet-config.ts';
import { ConfigError, messageOf } from '../core/errors.ts';
import { writeDurably } from '../host/durable-file.ts';
import type { Trust } from '../trust/trust-file.ts';
import { verifyTrust } from '../trust/verify-trust.ts';

/** A trust file that was verified, and the envelope it came in. */
export type SignedTrust = { readonly trust: Trust; readonly envelope: string };

/**
 * Reads the controller's trust file, and sees that the roots of the configuration have signed it.
 * @throws ConfigError TRUST_UNUSABLE.
 */
export async function readTrustFile({ trustFile, fleet, roots }: FleetConfig, now: number): Promise<SignedTrust> {
  const envelope = await readEnvelope(trustFile);
  const verified = verifyTrust(envelope, { fleet, pinned: roots, known: null, now });
  if (verified.ok) return { trust: verified.trust, envelope };
  throw unusable(`${trustFile} cannot be used: ${verified.message}`);
}

/** Puts a signed trust file in the place of the one that is there. */
export async function writeTrustFile(file: string, envelope: string): Promise<void> {
  await writeDurably(file, `${envelope}\n`, { mode: 0o644 });
}

async function readEnvelope(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trimEnd();
  } catch (error) {
    throw unusable(`cannot read the trust file ${file}: ${messageOf(error)}`);
  }
}

function unusable(message: string): ConfigError {
  return new ConfigError('TRUST_UNUSABLE', message, {
    hint: 'put back the file that `celeroot init` or `celeroot keys` wrote, or name it with `trust_file:`',
  });
}
