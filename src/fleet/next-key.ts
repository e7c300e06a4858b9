import { existsSync } from 'node:fs';
import { lockConfig } from '../config/config-lock.ts';
import { ConfigError, messageOf } from '../core/errors.ts';
import { writeDurably } from '../host/durable-file.ts';
import { readSigningKey } from '../trust/key-file.ts';
import { formatPrivateKey, makeSigningKey, type SigningKey } from '../trust/key.ts';

/** Where the key is that comes after the one in a file, until it has taken its place. */
export function nextKeyFile(file: string): string {
  return `${file}.new`;
}

/** A key that is to come; disposing lets others rotate the same one. */
export type NextKey = AsyncDisposable & { readonly key: SigningKey };

/**
 * That key: one that an interrupted rotation left, or a new one. It is on disk, whole, before anything names it.
 * @throws ConfigError KEY_UNUSABLE when it cannot be written or read, CONFIG_CHANGED when another rotates it.
 */
export async function holdNextKey(file: string): Promise<NextKey> {
  const next = nextKeyFile(file);
  try {
    await using held = new AsyncDisposableStack();
    held.use(await lockConfig(file));
    if (!existsSync(next)) await writeDurably(next, formatPrivateKey(makeSigningKey()));
    const key = await readSigningKey(next);
    const lock = held.move();
    return { key, [Symbol.asyncDispose]: async () => await lock.disposeAsync() };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError('KEY_UNUSABLE', `cannot put a new key beside ${file}: ${messageOf(error)}`, {
      hint: 'run the command where the key is, in a folder that can be written to',
      cause: error,
    });
  }
}

/** What to do about a key that counts for nothing. */
export function hintForOldKey(file: string, otherwise: string): string {
  if (!existsSync(nextKeyFile(file))) return otherwise;
  return `${nextKeyFile(file)} was left by a rotation that was interrupted; the same  celeroot keys rotate  finishes it`;
}
