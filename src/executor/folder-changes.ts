import { watch, type FSWatcher } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Even without a sign from the kernel there may be news: inotify can be out of watches, and a death makes no sound. */
const SLOW_POLL_MS = 1000;
/** While a program writes a line at a time, one look takes in many. */
const COALESCE_MS = 25;

export type FolderChanges = Disposable & {
  /** Resolves when something changed since it was last called, and within a second in any case. */
  readonly next: () => Promise<void>;
};

/** Watches the files of a folder but for those whose names begin with `except`. */
export function watchFolder(path: string, except: string): FolderChanges {
  let changed = true;
  let wake = (): void => undefined;
  const watcher = startWatching(path, (name) => {
    if (name?.startsWith(except) === true) return;
    changed = true;
    wake();
  });
  const next = async (): Promise<void> => {
    if (!changed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, SLOW_POLL_MS);
      await promise;
      clearTimeout(timer);
    }
    await sleep(COALESCE_MS);
    changed = false;
  };
  return { next, [Symbol.dispose]: () => watcher?.close() };
}

function startWatching(path: string, onChange: (name: string | null) => void): FSWatcher | null {
  try {
    return watch(path, (_event, name) => onChange(name)).on('error', () => undefined);
  } catch {
    return null;
  }
}
