import { diffArrays } from "diff";

/** A stretch of a text, and whether the other text has it too. */
export interface Piece {
  readonly text: string;
  readonly shared: boolean;
}

/** Two texts in the words they share and those they do not. */
export interface WordDiff {
  readonly rejected: readonly Piece[];
  readonly chosen: readonly Piece[];
  /** Both in one: shared pieces once, others with the side they come from. */
  readonly merged: readonly { readonly text: string; readonly side: "both" | "rejected" | "chosen" }[];
}

/** Texts that share less than this part of their words are two texts, and marks would be all over them. */
const leastShared = 1 / 3;
/** Words in which the texts may differ; looking further takes long and shows nothing. */
const mostChanges = 2000;

/** A word, a character of a script without spaces, or a sign, each with the blanks after it; or blanks at the start. */
const token =
  /(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}\p{M}_'’]+?(?![\p{L}\p{N}\p{M}_'’])|[^\s])\s*|^\s+/gu;

/**
 * Compares two responses word by word; blanks do not count.
 *
 * @returns undefined if they share too little for marks to be of use
 */
export function wordDiff(rejected: string, chosen: string): WordDiff | undefined {
  const sides = { rejected: words(rejected), chosen: words(chosen) };
  const comparator = (a: string, b: string) => a.trim() === b.trim();
  const changes = diffArrays(sides.rejected, sides.chosen, { comparator, maxEditLength: mostChanges });
  if (!changes) return undefined;
  const shared = changes.reduce((sum, { added, removed, count }) => sum + (added || removed ? 0 : count), 0);
  if (shared < leastShared * Math.max(sides.rejected.length, sides.chosen.length)) return undefined;

  // Each side is cut from its own words, so that its blanks stay what they were.
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
