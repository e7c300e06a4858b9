import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, type FileHandle, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { quoteWord } from '../core/quote-word.ts';
import { syncFolder } from '../host/durable-file.ts';
import { lockConfig } from './config-lock.ts';
import type { FleetConfig } from './fleet-config.ts';
import { parseFleet } from './parse-config.ts';
import type { Environment } from './read-broker.ts';
import { type ConfigSource, readSource } from './read-source.ts';
import { systemCode } from '../core/system-error.ts';

/** The configuration before and after a change. */
export type ConfigChange = { readonly before: FleetConfig; readonly after: FleetConfig };

/**
 * Reads the configuration, changes its text and writes it back, alone among all celeroots on this file. Nothing is
 * written when either text is not valid, or when another program wrote the file meanwhile.
 * @throws ConfigError CONFIG_INVALID, CONFIG_CHANGED or CONFIG_NOT_WRITABLE, and whatever `change` throws.
 */
export async function changeConfig(
  file: string,
  env: Environment,
  change: (text: string, config: FleetConfig) => string,
): Promise<ConfigChange> {
  const target = await targetOf(file);
  await using _lock = await lock(target);
  const source = readSource(file);
  const before = parseFleet(source, env);
  const text = change(source.text, before);
  const after = parseFleet({ file, text }, env);
  if (text !== source.text) await replace(target, source, text);
  return { before, after };
}

/**
 * Writes a new text over the one that was read some time ago, such as before an editor was opened.
 * @throws ConfigError as changeConfig.
 */
export async function writeConfig(source: ConfigSource, text: string, env: Environment): Promise<FleetConfig> {
  const target = await targetOf(source.file);
  await using _lock = await lock(target);
  const config = parseFleet({ file: source.file, text }, env);
  await replace(target, source, text);
  return config;
}

/**
 * Makes sure that a configuration can be written back to where it is read from.
 * @throws ConfigError as reading it does, or CONFIG_NOT_WRITABLE when it comes through a pipe.
 */
export async function requireEditable(file: string): Promise<void> {
  await targetOf(file);
}

/** A symbolic link stays one: the file it leads to is replaced. */
async function targetOf(file: string): Promise<string> {
  const isPipe = await stat(file).then(
    (stats) => stats.isFIFO(),
    () => false,
  );
  if (isPipe) {
    throw new ConfigError('CONFIG_NOT_WRITABLE', `${file} is a pipe, and only a regular file can be edited`, {
      hint: 'name the file itself with --config FILE',
    });
  }
  readSource(file);
  return await realpath(file).catch((error: unknown) => {
    throw notWritable(file, error);
  });
}

async function lock(target: string): Promise<AsyncDisposable> {
  try {
    return await lockConfig(target);
  } catch (error) {
    throw error instanceof ConfigError ? error : notWritable(target, error);
  }
}

/** The text goes to a file beside it first, so that a crash leaves the old content or the new, whole. */
async function replace(target: string, source: ConfigSource, text: string): Promise<void> {
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await access(target, constants.W_OK);
    await removeLeftovers(target);
    await writeLike(temporary, await stat(target), text);
    if (readSource(source.file).text !== source.text) throw changedMeanwhile(source.file);
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error instanceof ConfigError ? error : notWritable(target, error);
  }
}

/** What a crash left of an edit is ours to remove, because we hold the lock. */
async function removeLeftovers(target: string): Promise<void> {
  const [folder, name] = [dirname(target), basename(target)];
  const left = (await readdir(folder)).filter(
    (entry) => entry.startsWith(`${name}.`) && /^\.[0-9a-f]{12}\.tmp$/.test(entry.slice(name.length)),
  );
  await Promise.all(left.map((entry) => unlink(join(folder, entry)).catch(() => undefined)));
}

/** Makes a file with the mode and the owner of another. */
async function writeLike(path: string, like: Stats, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await own(file, like);
  await file.chmod(like.mode & 0o7777);
  await file.writeFile(text);
  await file.sync();
}

async function own(file: FileHandle, like: Stats): Promise<void> {
  const { uid, gid } = await file.stat();
  if (uid !== like.uid || gid !== like.gid) await file.chown(like.uid, like.gid);
}

function changedMeanwhile(file: string): ConfigError {
  return new ConfigError('CONFIG_CHANGED', `${file} was changed by another program meanwhile; nothing is written`, {
    hint: 'look at it and try again',
  });
}

function notWritable(target: string, cause: unknown): ConfigError {
  const code = systemCode(cause);
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write it or keep its owner',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
  };
  return new ConfigError(
    'CONFIG_NOT_WRITABLE',
    `cannot write ${target}: ${reasons[code ?? ''] ?? code ?? 'unknown error'}`,
    {
      hint: `look with: ls -ld ${quoteWord(target)} ${quoteWord(dirname(target))}`,
      cause,
    },
  );
}
