import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeDurably } from '../host/durable-file.ts';
import { makeFolder } from '../host/make-folder.ts';
import { readSigningKey, writeSigningKey } from '../trust/key-file.ts';
import { formatPrivateKey, makeSigningKey, type SigningKey } from '../trust/key.ts';

/**
 * The key by which a host signs what it reports; made here when there is none, and never leaving the host.
 * @throws ConfigError KEY_UNUSABLE when it cannot be read or written, or others may read it.
 */
export async function openHostKey(stateDir: string): Promise<SigningKey> {
  const file = keyFile(stateDir);
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
  await writeDurably(keyFile(stateDir), formatPrivateKey(makeSigningKey()));
  await rm(nextKeyFile(stateDir), { force: true });
  return await openHostKey(stateDir);
}

/** The key that was made to come after the one in use; null when none was. @throws ConfigError KEY_UNUSABLE. */
export async function readNextHostKey(stateDir: string): Promise<SigningKey | null> {
  const file = nextKeyFile(stateDir);
  return existsSync(file) ? await readSigningKey(file) : null;
}

/** The same; made, durably, when there is none. Whoever asks again is offered the same key. */
export async function openNextHostKey(stateDir: string): Promise<SigningKey> {
  const file = nextKeyFile(stateDir);
  if (!existsSync(file)) await writeDurably(file, formatPrivateKey(makeSigningKey()));
  return await readSigningKey(file);
}

/** Puts the next key in the place of the one in use, which is gone then; a crash leaves either. */
export async function takeNextHostKey(stateDir: string): Promise<void> {
  await rename(nextKeyFile(stateDir), keyFile(stateDir));
  await syncFolder(stateDir);
}

function keyFile(stateDir: string): string {
  return join(stateDir, 'host.key');
}

function nextKeyFile(stateDir: string): string {
  return join(stateDir, 'host.key.next');
}
