import { cleanOutput } from './clean-output.ts';
import { readGrowth } from './grown-file.ts';

/** What of a job's output is sent from its beginning and, when it is longer, from its end. */
export const HEAD_BYTES = 192 * 1024;
export const TAIL_BYTES = 64 * 1024;

/** Even if every byte becomes a replacement character of three bytes, a piece fits the 16 KiB of a report. */
const PIECE_BYTES = 5 * 1024;

export type OutputPiece = {
  /** Place in the file, in bytes. */
  readonly offset: number;
  readonly text: string;
  /** Where the next piece begins. */
  readonly end: number;
};

/**
 * The next piece to send of an output file of which `offset` bytes are sent; null when there is none yet. Pieces end
 * where lines end as long as lines are short; what is behind the head waits until `finished`, when its middle is left
 * out and said to be.
 */
export async function nextOutputPiece(
  path: string,
  offset: number,
  finished: Size | null,
): Promise<OutputPiece | null> {
  const tailStart = finished === null ? Infinity : Math.max(HEAD_BYTES, finished.size - TAIL_BYTES);
  if (offset >= HEAD_BYTES && offset < tailStart) {
    return finished === null ? null : { offset, text: omission(path, tailStart - offset), end: tailStart };
  }
  const limit = offset < HEAD_BYTES ? Math.min(PIECE_BYTES, HEAD_BYTES - offset) : PIECE_BYTES;
  const bytes = await readGrowth(path, offset, limit);
  const length = pieceLength(bytes, bytes.length === limit || finished !== null);
  if (length === 0) return null;
  return { offset, text: cleanOutput(bytes.toString('utf8', 0, length)), end: offset + length };
}

/** The final size of the output file. */
export type Size = { readonly size: number };

/** Up to the last end of a line; without one up to the last whole character when it must be sent, else nothing. */
function pieceLength(bytes: Buffer, mustSend: boolean): number {
  const lines = bytes.lastIndexOf(0x0a) + 1;
  if (lines > 0 || !mustSend) return lines;
  return bytes.length - cutCharacterLength(bytes);
}

/** How many bytes at the end begin a UTF-8 character that is not whole; 0 when that is all there is. */
function cutCharacterLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length - 1); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

function omission(path: string, bytes: number): string {
  return `\n[${bytes} bytes are left out here; all of it is in ${path} on the host]\n`;
}
