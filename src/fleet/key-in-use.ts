import type { FleetConfig } from '../config/fleet-config.ts';
import { ConfigError } from '../core/errors.ts';
import { quoteWord } from '../core/quote-word.ts';
import { readSigningKey } from '../trust/key-file.ts';

/** The file of this controller that has the private half of a key it signs with; null where it has none. */
export async function fileInUse(
  { signingKeyFile, schedulerKeyFile }: FleetConfig,
  publicKey: string,
): Promise<string | null> {
  for (const file of [signingKeyFile, schedulerKeyFile]) {
    if (file !== null && (await keyIn(file)) === publicKey) return file;
  }
  return null;
}

/** One that cannot be read signs nothing. */
async function keyIn(file: string): Promise<string | null> {
  try {
    return (await readSigningKey(file)).id;
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

/** What to type where a controller’s key counts for nothing any more. The name of one that was revoked stays taken. */
export function howToReplace(file: string, kind = 'operator'): string {
  const to = quoteWord(file);
  const ofKind = kind === 'operator' ? '' : ` --kind ${kind}`;
  return `mv ${to} ${quoteWord(`${file}.revoked`)} && celeroot keys add NAME${ofKind} --out ${to}`;
}
