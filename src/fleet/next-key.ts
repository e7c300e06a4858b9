import { existsSync } from 'node:fs';
import { readSigningKey, writeSigningKey } from '../trust/key-file.ts';
import { makeSigningKey, type SigningKey } from '../trust/key.ts';

/** Where the key is that comes after the one in a file, until it has taken its place. */
export function nextKeyFile(file: string): string {
  return `${file}.new`;
}

/** That key: one that an interrupted rotation left, or a new one. It is on disk before anything names it. */
export async function openNextKey(file: string): Promise<SigningKey> {
  const next = nextKeyFile(file);
  if (!existsSync(next)) await writeSigningKey(next, makeSigningKey());
  return await readSigningKey(next);
}

/** What to do about a key that counts for nothing. */
export function hintForOldKey(file: string, otherwise: string): string {
  if (!existsSync(nextKeyFile(file))) return otherwise;
  return `${nextKeyFile(file)} was left by a rotation that was interrupted; the same  celeroot keys rotate  finishes it`;
}
