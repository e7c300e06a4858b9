import { unlink } from 'node:fs/promises';
import { writeSigningKey } from '../trust/key-file.ts';
import type { SigningKey } from '../trust/key.ts';

/**
 * Writes a new private key, then does what puts it in force; when that fails, the key is taken away again. So no trust
 * file ever names a key that is nowhere.
 * @throws ConfigError CONFIG_EXISTS when the file is there already, and what `enforce` throws.
 */
export async function withNewKey<T>(file: string, key: SigningKey, enforce: () => Promise<T>): Promise<T> {
  await writeSigningKey(file, key);
  try {
    return await enforce();
  } catch (error) {
    await unlink(file);
    throw error;
  }
}
