/** The nearest of several names, for "did you mean".
 * @module
 */

const WORD_LENGTH_MAX = 100;

/** Finds the name that a mistyped one was probably meant to be, or null if none is near. */
export function nearestName(
  word: string,
  names: readonly string[],
): string | null {
  // Nobody means a word that long, and each name would be compared with all of it.
  if (word.length > WORD_LENGTH_MAX) return null;
  let best: string | null = null;
  // Further than a third of the word away, a suggestion is a guess.
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const distance = word.length > 2 && name.startsWith(word)
      ? 1
      : editDistance(word, name);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Counts insertions, deletions, replacements and swaps of neighbors between two words. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + same,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, rows[i - 2]![j - 2]! + 1);
      }
      row.push(distance);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
