import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../host/durable-file.ts';

/**
 * When the ledger of this host was begun, milliseconds since 1970; null when there is none or the file is damaged.
 * What was ordered before that time may have been done already, by a ledger that is lost.
 */
export async function readLedgerBirth(stateDir: string): Promise<number | null> {
  try {
    const text = await readFile(birthFile(stateDir), 'utf8');
    return /^\d{1,15}\n$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}

/** The birth of the ledger; begins one at `now` when there is none. */
export async function beginLedger(stateDir: string, now: number): Promise<number> {
  const birth = await readLedgerBirth(stateDir);
  if (birth !== null) return birth;
  await writeDurably(birthFile(stateDir), `${now}\n`);
  return now;
}

function birthFile(stateDir: string): string {
  return join(stateDir, 'birth');
}
