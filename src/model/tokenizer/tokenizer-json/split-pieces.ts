/** A piece of a section of a text. */
export interface Piece {
  readonly text: string;
  /** Its start in the section, in code units; after rewriting, only whether that is 0 is meaningful. */
  readonly at: number;
}

/** What happens to the matches of a pattern: each is dropped, isolated as a piece, or joined to one. */
export const splitBehaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
export type SplitBehavior = (typeof splitBehaviors)[number];

interface Part extends Piece {
  readonly matches: boolean;
}

/**
 * Splits pieces at a pattern's matches like Python's tokenizers; empty pieces are left out.
 *
 * @param pattern with the flag `g`
 * @param invert treats the text between matches as the matches
 */
export function splitPieces(
  pieces: readonly Piece[],
  pattern: RegExp,
  behavior: SplitBehavior,
  invert = false,
): Piece[] {
  const split: Piece[] = [];
  for (const piece of pieces) {
    for (const part of merge(partsOf(piece, pattern, invert), behavior)) if (part.text !== "") split.push(part);
  }
  return split;
}

/** Runs for every word of a corpus, so it avoids `matchAll`, whose iterator would cost as much as the matching itself. */
function partsOf({ text, at }: Piece, pattern: RegExp, invert: boolean): Part[] {
  const parts: Part[] = [];
  let end = 0;
  const take = (to: number, matches: boolean) => {
    parts.push({ text: text.slice(end, to), at: at + end, matches: matches !== invert });
    end = to;
  };
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const { 0: matched, index } = match;
    if (index > end) take(index, false);
    take(index + matched.length, true);
    if (matched === "") pattern.lastIndex += text.codePointAt(index)! > 0xffff && pattern.unicode ? 2 : 1;
  }
  if (end < text.length) take(text.length, false);
  return parts;
}

function merge(parts: readonly Part[], behavior: SplitBehavior): readonly Piece[] {
  switch (behavior) {
    case "Removed":
      return parts.filter(({ matches }) => !matches);
    case "Isolated":
      return parts;
    case "Contiguous":
      return join(parts, (before, part) => before.matches === part.matches);
    case "MergedWithPrevious":
      return join(parts, (before, part) => !before.matches && part.matches);
    case "MergedWithNext":
      return join(parts, (before, part) => before.matches && !part.matches);
  }
}

/** Joins adjacent parts. */
function join(parts: readonly Part[], belong: (before: Part, part: Part) => boolean): Piece[] {
  const joined: Piece[] = [];
  for (const [i, part] of parts.entries()) {
    const last = joined.at(-1);
    if (last !== undefined && belong(parts[i - 1]!, part))
      joined[joined.length - 1] = { text: last.text + part.text, at: last.at };
    else joined.push({ text: part.text, at: part.at });
  }
  return joined;
}
