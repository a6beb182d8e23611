/** `; did you mean "baseTopic"?`, or nothing when no word is near. */
export function didYouMean(written: string, words: readonly string[]): string {
  const nearest = nearestWord(written, words);
  return nearest === null ? '' : `; did you mean "${nearest}"?`;
}

/** The word that differs least from `written`, case aside, or null when all differ in more than a third. */
export function nearestWord(written: string, words: readonly string[]): string | null {
  const ranked = words
    .map((word) => ({ word, distance: editDistance(written.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.floor(word.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.word ?? null;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const from = a.slice(0, LONGEST);
  const first = Array.from({ length: b.length + 1 }, (_, column) => column);
  const rows = [first];
  for (let row = 1; row <= from.length; row += 1) {
    const above = rows[row - 1] ?? first;
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === b[column - 1] ? 0 : 1);
      const isSwap = from[row - 1] === b[column - 2] && from[row - 2] === b[column - 1];
      const swapped = isSwap ? (rows[row - 2]?.[column - 2] ?? Infinity) + 1 : Infinity;
      current.push(Math.min(replaced, swapped, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    rows.push(current);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}

/** What is longer than any word of ours is not measured further. */
const LONGEST = 64;
