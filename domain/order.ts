/**
 * Order of two texts by their code units, for sorting what has to be the same everywhere, such as ids. A first
 * `localeCompare` would bring 3 MB of collation tables into the daemon's memory.
 */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
