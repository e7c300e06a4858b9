import { open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FleetName } from '../core/names.ts';
import { syncFolder } from '../host/durable-file.ts';
import { firstTrust } from '../trust/change-trust.ts';
import { writeSigningKey } from '../trust/key-file.ts';
import { makeSigningKey } from '../trust/key.ts';
import { signTrust } from '../trust/trust-file.ts';

/** The names these files have unless celeroot.yaml says otherwise. */
export const KEY_FILES = { root: 'celeroot.root.key', operator: 'celeroot.key', trust: 'celeroot.trust' } as const;

/**
 * Makes the keys of a new fleet in a folder: a root key, an operator's key, and the trust file that lets the second ask
 * for everything. Returns the public root key. Nothing is overwritten, and none is left without the others.
 * @throws ConfigError CONFIG_EXISTS or KEY_UNUSABLE, or the system's own error for the trust file.
 */
export async function writeKeys(folder: string, fleet: FleetName, now: number = Date.now()): Promise<string> {
  const [root, operator] = [makeSigningKey(), makeSigningKey()];
  const trust = firstTrust(fleet, { root: root.id, operator: operator.id }, now);
  const steps: readonly (readonly [name: string, write: (file: string) => Promise<void>])[] = [
    [KEY_FILES.root, async (file) => await writeSigningKey(file, root)],
    [KEY_FILES.operator, async (file) => await writeSigningKey(file, operator)],
    [KEY_FILES.trust, async (file) => await writeNew(file, `${signTrust(trust, [root])}\n`, 0o644)],
  ];
  const written: string[] = [];
  try {
    for (const [name, write] of steps) {
      await write(join(folder, name));
      written.push(join(folder, name));
    }
  } catch (error) {
    for (const file of written) await unlink(file);
    throw error;
  }
  return root.id;
}

/** Takes away what writeKeys wrote. */
export async function removeKeys(folder: string): Promise<void> {
  for (const name of Object.values(KEY_FILES)) await unlink(join(folder, name));
}

/** Writes a file that is not there yet, durably; leaves none that is half written. */
export async function writeNew(file: string, text: string, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await unlink(file);
    throw error;
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(file));
}
