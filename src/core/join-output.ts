/** A piece of a program's output and its place in it, in bytes of UTF-8. */
export type OutputPiece = { readonly offset: number; readonly text: string };

export type JoinedOutput = {
  readonly text: string;
  /** Bytes that no piece has: the stream was shortened, or the host never sent them. */
  readonly missingBytes: number;
};

/** Puts pieces in order, each byte once: pieces come at least once, and after a crash cut in other places. */
export function joinOutput(pieces: readonly OutputPiece[]): JoinedOutput {
  const sorted = pieces.toSorted((a, b) => a.offset - b.offset);
  const parts: string[] = [];
  let end = 0;
  let missingBytes = 0;
  for (const { offset, text } of sorted) {
    const bytes = encoder.encode(text);
    if (offset + bytes.length <= end) continue;
    if (offset > end) {
      missingBytes += offset - end;
      parts.push(`\n[… ${offset - end} bytes missing …]\n`);
    }
    parts.push(offset < end ? decoder.decode(bytes.subarray(end - offset)) : text);
    end = offset + bytes.length;
  }
  return { text: parts.join(''), missingBytes };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
