import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { quoteWord } from '../core/quote-word.ts';
import { hasCode } from '../core/system-error.ts';

/** Why something is not read although the system would: ends a sentence that begins with its name. */
export type Unfit = { readonly reason: string; readonly hint: string };

/**
 * The bytes of a regular file, or of a pipe such as a shell's `<(…)`. Neither a device that never ends nor a pipe that
 * stays silent holds the program up: opened without waiting, and read no further than the limit.
 * @throws the system's error.
 */
export function readBytes(file: string, limit: number): Buffer | Unfit {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    return unfitKind(file, stats) ?? unfitSize(stats.size, limit) ?? readAll(fd, { limit, isPipe: stats.isFIFO() });
  } finally {
    closeSync(fd);
  }
}

function unfitKind(file: string, stats: Stats): Unfit | null {
  if (stats.isFile() || stats.isFIFO()) return null;
  if (!stats.isDirectory()) return { reason: 'is a device', hint: 'name a regular file' };
  return { reason: 'is a folder', hint: `name the file in it, such as ${quoteWord(`${file}/celeroot.yaml`)}` };
}

function unfitSize(size: number, limit: number): Unfit | null {
  return size > limit ? tooLarge(`${size}`, limit) : null;
}

function tooLarge(size: string, limit: number): Unfit {
  return { reason: `has ${size} bytes; there may be at most ${limit}`, hint: 'check that this is the file you mean' };
}

const PIECE_BYTES = 64 * 1024;
/** How long a pipe may say nothing; whoever writes into it may have to be started first. */
const PATIENCE_MS = 10_000;
const POLL_MS = 20;

function readAll(fd: number, { limit, isPipe }: { readonly limit: number; readonly isPipe: boolean }): Buffer | Unfit {
  const pieces: Buffer[] = [];
  let size = 0;
  for (let silentMs = 0; silentMs < PATIENCE_MS;) {
    const piece = readPiece(fd);
    if (piece === null) {
      pause(POLL_MS);
      silentMs += POLL_MS;
      continue;
    }
    if (piece.length === 0)
      return isPipe && size === 0 ? silent('is a pipe into which nobody writes') : Buffer.concat(pieces);
    size += piece.length;
    if (size > limit) return tooLarge(`more than ${limit}`, limit);
    pieces.push(piece);
    silentMs = 0;
  }
  return silent(`is a pipe that says nothing for ${PATIENCE_MS / 1000} s`);
}

function silent(reason: string): Unfit {
  return { reason, hint: 'name a regular file' };
}

/** Empty at the end; null when a pipe has nothing yet. */
function readPiece(fd: number): Buffer | null {
  const piece = Buffer.alloc(PIECE_BYTES);
  try {
    return piece.subarray(0, readSync(fd, piece));
  } catch (error) {
    if (hasCode(error, 'EAGAIN')) return null;
    throw error;
  }
}

/** Configurations are read without giving way to anything else, so waiting does not either. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
