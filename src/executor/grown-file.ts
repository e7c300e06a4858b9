import { open } from 'node:fs/promises';
import { hasCode } from '../core/system-error.ts';

/** Up to `limit` bytes of a file from `offset` on; empty when it is not there or not that long. */
export async function readGrowth(path: string, offset: number, limit: number): Promise<Buffer> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(limit), position: offset });
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
}

/**
 * Whole lines of a file from `offset` on, without their ends, and the offset behind the last; a line that is still
 * being written waits for the next time.
 */
export async function readNewLines(
  path: string,
  offset: number,
): Promise<{ readonly lines: readonly string[]; readonly end: number }> {
  const lines: string[] = [];
  let end = offset;
  let limit = FIRST_READ_BYTES;
  for (;;) {
    const bytes = await readGrowth(path, end, limit);
    const length = bytes.lastIndexOf(NEWLINE) + 1;
    if (length > 0) lines.push(...bytes.toString('utf8', 0, length - 1).split('\n'));
    end += length;
    if (bytes.length < limit) return { lines, end };
    // A plan is one line, and of a whole distribution's upgrade it is a long one.
    if (length === 0) limit *= 4;
  }
}

const FIRST_READ_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
