/**
 * Reconstructs the merges of a SentencePiece BPE vocabulary from the pieces and scores that a file keeps: a piece can be merged
 * from every pair of pieces it can be split into, and of two possible merges the one with the better-scored result comes first.
 * Ordered as in Hugging Face's conversion (`generate_merges` of transformers).
 *
 * @param pieces id and score of each piece by its text
 */
export function mergesOfPieces(
  pieces: ReadonlyMap<string, { readonly id: number; readonly score: number }>,
): [string, string][] {
  const merges: { readonly left: string; readonly right: string; readonly score: number }[] = [];
  const idOf = (piece: string) => pieces.get(piece)!.id;
  for (const [piece, { score }] of pieces) {
    const found = cuts(piece).filter(([left, right]) => pieces.has(left) && pieces.has(right));
    found.sort(([a, b], [c, d]) => idOf(a) - idOf(c) || idOf(b) - idOf(d));
    merges.push(...found.map(([left, right]) => ({ left, right, score })));
  }
  const length = (text: string) => Array.from(text).length;
  merges.sort((a, b) => b.score - a.score || length(b.left) - length(a.left) || length(b.right) - length(a.right));
  return merges.map(({ left, right }) => [left, right]);
}

/** Every split of a text into two parts, between characters. */
function cuts(text: string): [string, string][] {
  const characters = Array.from(text);
  return characters.slice(1).map((_, i) => [characters.slice(0, i + 1).join(""), characters.slice(i + 1).join("")]);
}
