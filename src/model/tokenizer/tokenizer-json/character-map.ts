/** Longer graphemes, in bytes, are looked up character by character. */
const longestGrapheme = 5;

/** Most bytes that a character or grapheme may become; Unicode's own longest are 33. */
const longestReplacement = 1024;

/**
 * Compiles SentencePiece's character map, which replaces characters and short graphemes by others. It contains a trie in a double
 * array of 32-bit units and the replacements, each ended by a zero byte. The first key that is a prefix of the looked-up text
 * replaces all of it, as in Hugging Face's reader.
 *
 * Source: SentencePiece's normalizer (https://github.com/google/sentencepiece), the units of Darts-clone
 * (https://github.com/s-yata/darts-clone).
 *
 * @throws RangeError if the bytes are not such a map
 */
export function compileCharacterMap(map: Buffer): (text: string) => string {
  const trieBytes = map.readUInt32LE(0);
  if (trieBytes % 4 !== 0 || trieBytes < 4 || 4 + trieBytes > map.length)
    throw new RangeError("a character map that is cut off");
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => map.readUInt32LE(4 + 4 * i));
  const replacements = map.subarray(4 + trieBytes);

  const replacementOf = (bytes: Buffer): string | undefined => {
    let at = childrenOf(units[0]!);
    for (const byte of bytes) {
      at ^= byte;
      const unit = units[at];
      if (byte === 0 || unit === undefined || labelOf(unit) !== byte) return undefined;
      at ^= childrenOf(unit);
      if (endsKey(unit)) {
        const start = units[at]! & 0x7fffffff;
        const end = replacements.indexOf(0, start);
        if ((end < 0 ? replacements.length : end) - start > longestReplacement)
          throw new RangeError("a character map that is damaged");
        return replacements.toString("utf8", start, end < 0 ? replacements.length : end);
      }
    }
    return undefined;
  };

  const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
  const rewrite = (grapheme: string): string => {
    const bytes = Buffer.from(grapheme);
    const whole = bytes.length <= longestGrapheme ? replacementOf(bytes) : undefined;
    return whole ?? Array.from(grapheme, (character) => replacementOf(Buffer.from(character)) ?? character).join("");
  };
  return (text) => Array.from(graphemes.segment(text), ({ segment }) => rewrite(segment)).join("");
}

const labelOf = (unit: number) => (unit & 0x800000ff) >>> 0;
const endsKey = (unit: number) => (unit & 0x100) !== 0;
/** Offset of a unit's children, to be combined by XOR with the unit's index and the child's byte. */
const childrenOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
