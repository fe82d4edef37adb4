/** Number of pieces cached: the words of a corpus that are not rare. */
const mostPieces = 1 << 16;

/** Longest cached piece, in code units. A longer one rarely recurs, and may be a whole text if nothing is split. */
const longestPiece = 32;

/**
 * Caches the ids of pieces of text, because few words make up most of a corpus and each requires a search through merges.
 *
 * @param idsOf a piece's ids, which depend on it alone; the surrounding text is for errors, which are not cached
 */
export function rememberPieces(idsOf: (piece: string, text: string) => readonly number[]): typeof idsOf {
  const known = new Map<string, readonly number[]>();
  return (piece, text) => {
    const before = known.get(piece);
    if (before) return before;
    const ids = idsOf(piece, text);
    if (piece.length > longestPiece) return ids;
    if (known.size === mostPieces) known.clear();
    // A slice of a text would keep the whole text in memory.
    known.set(Buffer.from(piece, "utf16le").toString("utf16le"), ids);
    return ids;
  };
}
