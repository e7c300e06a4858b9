import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Who may read a new file: its owner alone, unless told otherwise; ours without an owner. */
export type Access = {
  readonly mode?: number;
  readonly owner?: { readonly uid: number; readonly gid: number } | null;
};

/**
 * Replaces or makes a file so that a crash at any moment, of us or of the machine, leaves the old content or the new,
 * whole. Resolves when the new content has reached the disk.
 */
export async function writeDurably(path: string, content: string, access: Access = {}): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeAndSync(temporary, content, access);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the names in a folder durable; a new file is only there after a crash when its folder was synced. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

async function writeAndSync(path: string, content: string, { mode = 0o600, owner = null }: Access): Promise<void> {
  await using file = await open(path, 'wx', mode);
  // By its handle: whoever owns the folder could put something else under its name.
  if (owner !== null) await file.chown(owner.uid, owner.gid);
  await file.writeFile(content);
  await file.sync();
}
