/** A piece of a program's output and its place in it: the bytes its text was made of, which may be more than it has. */
export type OutputPiece = { readonly offset: number; readonly end: number; readonly text: string };

export type JoinedOutput = {
  readonly text: string;
  /** Bytes that no piece has: the stream was shortened, or the host never sent them. */
  readonly missingBytes: number;
};

/** Puts pieces in order, each byte once: pieces come at least once, and after a crash cut in other places. */
export function joinOutput(pieces: readonly OutputPiece[]): JoinedOutput {
  const parts: string[] = [];
  let known = 0;
  let missingBytes = 0;
  for (const { offset, end, text } of bestFit(pieces)) {
    if (offset > known) {
      missingBytes += offset - known;
      parts.push(`\n[… ${offset - known} bytes missing …]\n`);
    }
    parts.push(text);
    known = end;
  }
  return { text: parts.join(''), missingBytes };
}

/** The bytes covered by the pieces chosen among the first so many, and how they were chosen. */
type Fit = { readonly covered: number; readonly last: OutputPiece | null; readonly before: number };

/**
 * Of all pieces those that do not overlap and together cover the most. A piece cannot be cut, since its text is not
 * its bytes; but who tells an output again begins where an earlier piece ended, so that some choice covers all.
 */
function bestFit(pieces: readonly OutputPiece[]): readonly OutputPiece[] {
  const sorted = pieces.filter(({ offset, end }) => end > offset).toSorted((a, b) => a.end - b.end);
  const fits: Fit[] = [{ covered: 0, last: null, before: 0 }];
  for (const [index, piece] of sorted.entries()) {
    const before = countEnded(sorted, piece.offset, index);
    const covered = (fits[before]?.covered ?? 0) + piece.end - piece.offset;
    const without = fits[index];
    fits.push(without !== undefined && without.covered >= covered ? without : { covered, last: piece, before });
  }
  const chosen: OutputPiece[] = [];
  for (let fit = fits.at(-1); fit !== undefined && fit.last !== null; fit = fits[fit.before]) chosen.push(fit.last);
  return chosen.toReversed();
}

/** How many of the first `count` pieces, sorted by their ends, end at `place` or before. */
function countEnded(sorted: readonly OutputPiece[], place: number, count: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.end ?? Infinity) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
