/**
 * Finds the known name that a misspelled one was probably meant to be.
 *
 * @returns the known name with the fewest edits from the given one, ignoring case, if they are few enough for a typo
 */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const distances = known.map((name) => editDistance(given.toLowerCase(), name.toLowerCase()));
  const least = Math.min(...distances);
  // Up to a third of the letters: "betta" is beta, but "threads" is not share.
  return least <= Math.max(1, Math.floor(given.length / 3)) ? known[distances.indexOf(least)] : undefined;
}

/** Returns a suggestion to end a message with, `; did you mean …?`; empty if no known name is near. */
export function didYouMean(given: unknown, known: readonly string[]): string {
  const nearest = typeof given === "string" ? nearestName(given, known) : undefined;
  // In so short a name, another letter makes another name: ppo and tpu are not misspelled dpo and cpu.
  const isOther = nearest !== undefined && nearest.length <= 3 && nearest.length === (given as string).length;
  return nearest === undefined || isOther ? "" : `; did you mean ${nearest}?`;
}

/**
 * Minimum number of insertions, deletions, substitutions and swaps of neighbours that turn one text into another
 * (optimal string alignment).
 */
export function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const substitution = rows[i - 1]![j - 1]! + Number(from[i - 1] !== to[j - 1]);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substitution, swap));
    }
    rows.push(row);
  }
  return rows.at(-1)!.at(-1)!;
}
