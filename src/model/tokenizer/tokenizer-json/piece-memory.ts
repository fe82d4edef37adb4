/** Pieces that are remembered: the words of a corpus that are not rare. */
const mostPieces = 1 << 16;

/** Code units of a piece that is remembered. A longer one hardly comes again, and may be a whole text where nothing is split. */
const longestPiece = 32;

/**
 * Remembers the ids of pieces of text, since few words make most of a corpus and each costs a search through merges.
 *
 * @param idsOf a piece's ids, which depend on it alone; the text that it is of is for errors, which are not remembered
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
