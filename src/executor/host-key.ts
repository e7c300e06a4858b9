import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../host/durable-file.ts';
import { makeFolder } from '../host/make-folder.ts';
import { readSigningKey, writeSigningKey } from '../trust/key-file.ts';
import { formatPrivateKey, makeSigningKey, type SigningKey } from '../trust/key.ts';

/**
 * The key by which a host signs what it reports; made here when there is none, and never leaving the host.
 * @throws ConfigError KEY_UNUSABLE when it cannot be read or written, or others may read it.
 */
export async function openHostKey(stateDir: string): Promise<SigningKey> {
  const file = join(stateDir, 'host.key');
  if (!existsSync(file)) {
    await makeFolder(stateDir);
    await writeSigningKey(file, makeSigningKey());
  }
  return await readSigningKey(file);
}

/**
 * Makes a new key in the old one's place. A worker that runs signs with the old one until it is started again.
 * @throws ConfigError KEY_UNUSABLE when it cannot be read back.
 */
export async function replaceHostKey(stateDir: string): Promise<SigningKey> {
  await makeFolder(stateDir);
  await writeDurably(join(stateDir, 'host.key'), formatPrivateKey(makeSigningKey()));
  return await openHostKey(stateDir);
}
