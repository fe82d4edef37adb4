/**
 * The printable character that stands for each byte in GPT-2's vocabulary: itself if it is printable Latin-1, else the next one
 * from U+0100 on.
 * Source: https://github.com/openai/gpt-2/blob/master/src/encoder.py
 */
export const byteCharacters: readonly string[] = (() => {
  const isPrintable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();
