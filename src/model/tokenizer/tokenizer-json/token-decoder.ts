import { z } from "zod";
import { InputError } from "../../../base/errors.js";
import { byteCharacters } from "./byte-characters.js";
import { character, compileSteps, kind, type Kind, type PartPlace } from "./parts.js";
import { compilePattern, mostGrown, patternSchema, replaceMatches } from "./pattern.js";

type Step = (tokens: readonly string[]) => string[];

const bare = z.looseObject({});
const byteOfCharacter: ReadonlyMap<string, number> = new Map(
  byteCharacters.map((character, byte) => [character, byte]),
);

const kinds: Readonly<Record<string, Kind<Step>>> = {
  ByteLevel: kind(bare, () => (tokens) => [lossyText(tokens.map(bytesOf))]),
  ByteFallback: kind(bare, () => joinByteTokens),
  Metaspace: kind(
    z.looseObject({
      replacement: character,
      add_prefix_space: z.boolean().default(true),
      prepend_scheme: z.enum(["always", "first", "never"]).optional(),
    }),
    ({ replacement, add_prefix_space, prepend_scheme = add_prefix_space ? "always" : "never" }) =>
      (tokens) =>
        tokens.map((token, i) => token.replaceAll(replacement, i === 0 && prepend_scheme !== "never" ? "" : " ")),
  ),
  Replace: kind(z.looseObject({ pattern: patternSchema, content: z.string() }), ({ pattern, content }) => {
    const expression = compilePattern(pattern);
    return (tokens) => tokens.map((token) => replaceMatches(token, expression, content));
  }),
  Fuse: kind(bare, () => (tokens) => [tokens.join("")]),
  Strip: kind(
    z.looseObject({ content: z.string(), start: z.int().nonnegative(), stop: z.int().nonnegative() }),
    ({ content, start, stop }) =>
      (tokens) =>
        tokens.map((token) => {
          const characters = Array.from(token);
          const from = runLength(characters, content, start);
          const cut = runLength(characters.toReversed(), content, stop);
          return characters.slice(from, Math.max(from, characters.length - cut)).join("");
        }),
  ),
};

/**
 * Compiles the `decoder` of a `tokenizer.json`, which converts tokens to text; without one, tokens are joined by spaces.
 *
 * @throws InputError if a step is unsupported; the function throws it if it expands the tokens far too much
 */
export function compileDecoder(part: unknown, place: PartPlace): (tokens: readonly string[]) => string {
  if (part === null || part === undefined) return (tokens) => tokens.join(" ");
  const steps = compileSteps(part, kinds, "decoders", place);
  return (tokens) => {
    const length = lengthOf(tokens);
    return steps
      .reduce((before: readonly string[], step) => {
        const decoded = step(before);
        if (lengthOf(decoded) > mostGrown(length))
          throw new InputError(`the decoder makes ${lengthOf(decoded)} characters of ${length}`);
        return decoded;
      }, tokens)
      .join("");
  };
}

const lengthOf = (texts: readonly string[]) => texts.reduce((sum, { length }) => sum + length, 0);

/** The bytes that a token's characters stand for; the token's own UTF-8 bytes if any stands for none. */
function bytesOf(token: string): Uint8Array {
  const bytes = Array.from(token, (character) => byteOfCharacter.get(character));
  return bytes.includes(undefined) ? Buffer.from(token) : Uint8Array.from(bytes as number[]);
}

function lossyText(bytes: readonly Uint8Array[]): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(bytes));
}

/** Converts each run of tokens like `<0x0A>` to text; bytes that are not UTF-8 become one U+FFFD each. */
function joinByteTokens(tokens: readonly string[]): string[] {
  const joined: string[] = [];
  let bytes: number[] = [];
  const takeBytes = () => {
    if (bytes.length === 0) return;
    const run = Buffer.from(bytes);
    const text = lossyText([run]);
    joined.push(Buffer.from(text).equals(run) ? text : "\ufffd".repeat(run.length));
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (byte !== undefined) {
      bytes.push(parseInt(byte, 16));
      continue;
    }
    takeBytes();
    joined.push(token);
  }
  takeBytes();
  return joined;
}

/** How many leading characters equal `content`, up to `most`. */
function runLength(characters: readonly string[], content: string, most: number): number {
  const other = characters.slice(0, most).findIndex((character) => character !== content);
  return other < 0 ? Math.min(most, characters.length) : other;
}
