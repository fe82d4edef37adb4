import type { Tokenizer } from "../../src/model/tokenizer/tokenizer.js";

/** A tokenizer with one token per byte, so that lengths can be counted by hand: byte `b` is id `b + 3`. */
export function byteTokenizer({ bos }: { bos: boolean }): Tokenizer {
  const encoder = new TextEncoder();
  return {
    vocabSize: 259,
    padId: 0,
    bosId: bos ? 1 : undefined,
    eosId: 2,
    stopIds: [2],
    encode: (text) => Array.from(encoder.encode(text), (byte) => byte + 3),
    decode: (ids) =>
      new TextDecoder().decode(
        Uint8Array.from(
          [...ids].filter((id) => id > 2),
          (id) => id - 3,
        ),
      ),
    renderPrompt: (messages) => ({
      text: `${messages.map(({ role, content }) => `<${role}>${content}`).join("")}<assistant>`,
      bos: bos ? "<bos>" : "",
    }),
    renderResponse: (_, response) => response,
    files: new Map(),
  };
}
