/** "Did you mean …?" for a word that is none of the known ones. */

/** The known word that the given one was probably meant to be. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  // A third of the letters may be wrong; a short word is never close to everything.
  const limit = Math.max(1, Math.floor(word.replace(/^-+/, '').length / 3));
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance <= limit && (best === undefined || distance < best.distance)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}

/** `did you mean X?`, or nothing to say. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const candidate = suggest(word, known);
  return candidate === undefined ? undefined : `did you mean ${candidate}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      const swapped =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
          ? beforePrevious[j - 2]! + 1
          : Number.POSITIVE_INFINITY;
      current.push(
        Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + cost, swapped),
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length]!;
}
