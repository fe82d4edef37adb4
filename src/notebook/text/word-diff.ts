import { diffArrays } from "diff";

/** A piece of a text, and whether it is also in the other text. */
export interface Piece {
  readonly text: string;
  readonly shared: boolean;
}

/** Two texts, divided into shared and differing words. */
export interface WordDiff {
  readonly rejected: readonly Piece[];
  readonly chosen: readonly Piece[];
  /** Both texts merged: shared pieces once, others with the side they come from. */
  readonly merged: readonly { readonly text: string; readonly side: "both" | "rejected" | "chosen" }[];
}

/** Minimum share of common words; with less, nearly everything would be marked. */
const leastShared = 1 / 3;
/** Maximum number of differing words; comparing further takes long and shows nothing. */
const mostChanges = 2000;

/**
 * A word, a character of a script without spaces, or a symbol, each with the white space after it; or white space at
 * the start.
 */
const token =
  /(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}\p{M}_'’]+?(?![\p{L}\p{N}\p{M}_'’])|[^\s])\s*|^\s+/gu;

/**
 * Compares two responses word by word, ignoring white space.
 *
 * @returns undefined if they share too little for marks to be useful
 */
export function wordDiff(rejected: string, chosen: string): WordDiff | undefined {
  const sides = { rejected: words(rejected), chosen: words(chosen) };
  const comparator = (a: string, b: string) => a.trim() === b.trim();
  const changes = diffArrays(sides.rejected, sides.chosen, { comparator, maxEditLength: mostChanges });
  if (!changes) return undefined;
  const shared = changes.reduce((sum, { added, removed, count }) => sum + (added || removed ? 0 : count), 0);
  if (shared < leastShared * Math.max(sides.rejected.length, sides.chosen.length)) return undefined;

  // Take each side from its own words, so that its white space is unchanged.
  const place = { rejected: 0, chosen: 0 };
  const take = (side: "rejected" | "chosen", count: number) => {
    const from = place[side];
    place[side] += count;
    return sides[side].slice(from, from + count).join("");
  };
  const diff = { rejected: [] as Piece[], chosen: [] as Piece[], merged: [] as WordDiff["merged"][number][] };
  for (const { added, removed, count } of changes) {
    const both = !added && !removed;
    if (!added) diff.rejected.push({ text: take("rejected", count), shared: both });
    if (!removed) diff.chosen.push({ text: take("chosen", count), shared: both });
    const side = both ? "both" : added ? "chosen" : "rejected";
    diff.merged.push({ text: (added || both ? diff.chosen : diff.rejected).at(-1)!.text, side });
  }
  return diff;
}

function words(text: string): string[] {
  return text.match(token) ?? [];
}
