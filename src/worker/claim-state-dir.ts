import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError, messageOf, RejectedError } from '../core/errors.ts';
import { makeFolder } from '../host/make-folder.ts';
import { findLockHolder } from '../host/package-locks.ts';

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy. */
const BUSY = 5;

/**
 * Makes the state folder if need be, and this the only worker that uses it until disposed or dead. Node has no
 * flock(2); SQLite's lock on its database is one that Node carries, that the kernel takes back however the process
 * ends, and that leaves nothing to clean up. Nothing is ever stored in it.
 * @throws RejectedError WORKER_RUNS when another worker has it, ConfigError when it cannot be used.
 */
export async function claimStateDir(stateDir: string): Promise<Disposable> {
  await makeStateDir(stateDir);
  const file = join(stateDir, 'worker.lock');
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw isBusy(error) ? alreadyRuns(stateDir, file, error) : unusable(stateDir, error);
  }
  return { [Symbol.dispose]: () => database.close() };
}

async function makeStateDir(stateDir: string): Promise<void> {
  try {
    await makeFolder(stateDir);
    await access(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(stateDir, error);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === BUSY;
}

function alreadyRuns(stateDir: string, lock: string, cause: unknown): RejectedError {
  const holder = findLockHolder([lock]);
  const who = holder === null ? 'another worker' : `another worker (process ${holder.pid})`;
  return new RejectedError('WORKER_RUNS', `${who} already runs with the state folder ${stateDir}`, {
    hint: 'stop it first, or give this one a folder of its own with CELEROOT_STATE_DIR',
    cause,
  });
}

function unusable(stateDir: string, cause: unknown): ConfigError {
  return new ConfigError('STATE_UNUSABLE', `cannot use the state folder ${stateDir}: ${messageOf(cause)}`, {
    hint: 'run the worker as root, or name another folder with CELEROOT_STATE_DIR',
    cause,
  });
}
