import { readlink, symlink, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../core/errors.ts';
import { quoteWord } from '../core/quote-word.ts';
import { identifyProcess, isAlive, processIdentitySchema } from '../host/process-id.ts';
import { hasCode } from '../core/system-error.ts';

/** How long to wait for others, each of which holds the lock for milliseconds; dozens may want it at a time. */
const PATIENCE_MS = 10_000;
const POLL_MS = 25;

/**
 * Takes `<file>.lock`, a symbolic link to nowhere that says who holds it, so that two celeroots do not edit one file
 * at a time; disposing gives it back. A lock whose process is gone is taken over.
 * @throws ConfigError CONFIG_CHANGED naming the holder, when it does not let go in time.
 */
export async function lockConfig(file: string, patienceMs: number = PATIENCE_MS): Promise<AsyncDisposable> {
  const path = `${file}.lock`;
  const mine = JSON.stringify(identifyProcess(process.pid));
  for (let waited = 0; !(await create(path, mine)); waited += POLL_MS) {
    const holder = await readHolder(path);
    if (holder === 'dead') await removeDead(path, mine);
    else if (holder !== 'gone' && waited >= patienceMs) throw held(file, path, holder.pid);
    else await sleep(POLL_MS);
  }
  return { [Symbol.asyncDispose]: () => unlink(path).catch(ignoreMissing) };
}

/** Somebody may have removed the lock by hand. */
function ignoreMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error;
}

/** A symbolic link comes into being with its content in one step; false when the name is taken. */
async function create(path: string, content: string): Promise<boolean> {
  try {
    await symlink(content, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

type Holder = 'gone' | 'dead' | { readonly pid: number | null };

async function readHolder(path: string): Promise<Holder> {
  try {
    const who = processIdentitySchema.parse(JSON.parse(await readlink(path)));
    return isAlive(who) ? { pid: who.pid } : 'dead';
  } catch (error) {
    // A lock that says something else was not made by us: whoever made it has to remove it.
    return hasCode(error, 'ENOENT') ? 'gone' : { pid: null };
  }
}

/**
 * Removes a lock whose process is gone. Two who find it must not remove one another's new lock, so only the one who
 * holds a second lock removes, having looked again.
 */
async function removeDead(path: string, mine: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await create(guard, mine))) {
    if ((await readHolder(guard)) === 'dead') await unlink(guard).catch(() => undefined);
    return sleep(POLL_MS);
  }
  try {
    if ((await readHolder(path)) === 'dead') await unlink(path);
  } finally {
    await unlink(guard);
  }
}

function held(file: string, path: string, pid: number | null): ConfigError {
  const holder = pid === null ? 'something that is no celeroot' : `process ${pid}`;
  return new ConfigError('CONFIG_CHANGED', `${file} is being edited by ${holder}, which holds ${path}`, {
    hint:
      pid === null
        ? `if nothing edits the file: rm ${quoteWord(path)}`
        : `wait for it, or look at it with: ps -fp ${pid}`,
    details: { lock: path, pid },
  });
}
