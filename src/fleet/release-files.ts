import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RejectedError, UsageError, messageOf } from '../core/errors.ts';
import { hasCode } from '../core/system-error.ts';
import type { Refused } from '../trust/dsse.ts';
import type { OpenedRelease, ReleasedFile, Release } from '../trust/release.ts';
import { openTrustedRelease, wantsReleases } from '../trust/release.ts';
import type { Trust } from '../trust/trust-file.ts';
import type { PackageFile } from './find-package.ts';

/** The name of a release file, beside what is released. */
export const RELEASE_FILE = 'release.json';

/**
 * What a release has of the files: of a folder, all in it that are called as celeroot’s packages and executables are.
 * @throws UsageError for none, for what cannot be read, and for files of several folders.
 */
export async function describeFiles(paths: readonly string[]): Promise<readonly ReleasedFile[]> {
  const files = (await Promise.all(paths.map(filesAt))).flat().toSorted();
  if (files.length === 0) throw unreadable(paths.join(', '), 'has no file called celeroot_…');
  if (new Set(files.map((file) => dirname(file))).size > 1) {
    throw new UsageError('USAGE', 'the files of a release stand in one folder', {
      hint: 'see  celeroot release sign --help',
    });
  }
  const described: ReleasedFile[] = [];
  for (const file of files) described.push({ name: basename(file), ...(await measure(file)) });
  return described;
}

async function filesAt(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { withFileTypes: true });
    const own = entries.filter((entry) => entry.isFile() && entry.name.startsWith('celeroot_'));
    return own.map(({ name }) => join(path, name));
  } catch (error) {
    throw unreadable(path, messageOf(error));
  }
}

async function measure(file: string): Promise<Pick<ReleasedFile, 'sha256' | 'size'>> {
  const hash = createHash('sha256');
  let size = 0;
  const counted = async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    for await (const piece of pieces) {
      size += piece.length;
      yield piece;
    }
  };
  await pipeline(createReadStream(file), counted, hash);
  return { sha256: hash.digest('hex'), size };
}

function unreadable(path: string, why: string): UsageError {
  return new UsageError('USAGE', `${path}: ${why}`, {
    hint: 'name the folder of the packages, or the files themselves',
  });
}

export type CheckedFile = { readonly name: string; readonly found: 'as released' | 'another' | 'not here' };

/** A release file that was named, itself or by the folder it is in. */
export async function releaseFileAt(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isFolder ? join(path, RELEASE_FILE) : path;
}

/**
 * Opens a release file, and holds what stands beside it against it.
 * @throws RejectedError RELEASE_INVALID when it is not signed as `open` wants it.
 */
export async function checkRelease(
  file: string,
  open: (text: string) => OpenedRelease,
): Promise<{ readonly release: Release; readonly signedBy: string; readonly files: readonly CheckedFile[] }> {
  const { release, signedBy } = await readRelease(file, open);
  const files: CheckedFile[] = [];
  for (const released of release.files) files.push(await checkFile(dirname(file), released));
  return { release, signedBy, files };
}

async function checkFile(folder: string, { name, sha256, size }: ReleasedFile): Promise<CheckedFile> {
  try {
    const found = await measure(join(folder, name));
    return { name, found: found.sha256 === sha256 && found.size === size ? 'as released' : 'another' };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { name, found: 'not here' };
    throw unreadable(join(folder, name), messageOf(error));
  }
}

async function readRelease(
  file: string,
  open: (text: string) => OpenedRelease,
): Promise<Exclude<OpenedRelease, Refused>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new RejectedError('RELEASE_INVALID', `cannot read the release ${file}: ${messageOf(error)}`, {
      hint: 'celeroot release sign  writes it beside the packages; hosts join is told of another place with  --release',
      cause: error,
    });
  });
  const opened = open(text.trimEnd());
  if (opened.ok) return opened;
  throw new RejectedError('RELEASE_INVALID', `${file}: ${opened.code}: ${opened.message}`, {
    hint: 'a release is signed with  celeroot release sign;  whose keys count is in  celeroot keys ls',
  });
}

export type ReleaseCheck = {
  readonly trust: Trust;
  /** The release file; null for the one beside the package. */
  readonly file: string | null;
  readonly now: number;
};

/**
 * Where the trust file has release keys, sees that one that is in force has signed a release with this package in it.
 * @throws RejectedError RELEASE_INVALID or PACKAGE_NOT_RELEASED.
 */
export async function requireReleased(sent: PackageFile, { trust, file, now }: ReleaseCheck): Promise<void> {
  if (!wantsReleases(trust)) return;
  const releaseFile = await releaseFileAt(file ?? dirname(sent.file));
  const { release } = await readRelease(releaseFile, (text) => openTrustedRelease(text, trust, now));
  if (release.files.some(({ sha256, size }) => sha256 === sent.sha256 && size === sent.content.length)) return;
  throw new RejectedError(
    'PACKAGE_NOT_RELEASED',
    `${sent.file} is not in the release ${release.version} of ${releaseFile}`,
    {
      hint: `what is: ${release.files.map(({ name }) => name).join(', ')}`,
      details: { sha256: sent.sha256 },
    },
  );
}
