/**
 * The candidates a mistyped word may have meant, closest first, at most three: those that start with it, and those
 * within an edit distance of a third of its length (a swap of two neighbours counts as one edit).
 */
export function closeMatches(word: string, candidates: Iterable<string>): readonly string[] {
  const allowed = Math.max(1, Math.floor(word.length / 3));
  const scored: { readonly candidate: string; readonly distance: number }[] = [];
  for (const candidate of candidates) {
    const distance = candidate.startsWith(word) && word.length > 1 ? 0 : editDistance(word, candidate, allowed);
    if (distance <= allowed) scored.push({ candidate, distance });
  }
  scored.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, MAX_MATCHES).map((entry) => entry.candidate);
}

/** `did you mean web1, web2 or web3?`, or what else to do when nothing is close. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise: string): string {
  const matches = closeMatches(word, candidates);
  if (matches.length === 0) return otherwise;
  const last = matches.at(-1) ?? '';
  return matches.length === 1 ? `did you mean ${last}?` : `did you mean ${matches.slice(0, -1).join(', ')} or ${last}?`;
}

const MAX_MATCHES = 3;

/** Optimal string alignment distance; returns more than `limit` early when the lengths alone exceed it. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1;
  let beforePrevious: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1;
      const substituted = (previous[column - 1] ?? 0) + cost;
      const edited = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substituted);
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(swapped ? Math.min(edited, (beforePrevious[column - 2] ?? 0) + 1) : edited);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length] ?? limit + 1;
}
