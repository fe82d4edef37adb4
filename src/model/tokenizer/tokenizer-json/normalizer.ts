import { z } from "zod";
import { InputError } from "../../../base/errors.js";
import { compileCharacterMap } from "./character-map.js";
import { compileSteps, kind, type Kind, type PartPlace } from "./parts.js";
import { compilePattern, mostGrown, patternSchema, replaceMatches } from "./pattern.js";

/** Rewrites a section of a text; `continues` means that it directly follows plain text. */
export type Normalize = (text: string, continues: boolean) => string;

const bare = z.looseObject({});

const kinds: Readonly<Record<string, Kind<Normalize>>> = {
  NFC: kind(bare, () => (text) => text.normalize("NFC")),
  NFD: kind(bare, () => (text) => text.normalize("NFD")),
  NFKC: kind(bare, () => (text) => text.normalize("NFKC")),
  NFKD: kind(bare, () => (text) => text.normalize("NFKD")),
  // Character by character: JavaScript lowercases the last sigma of a word to another letter, Rust does not.
  Lowercase: kind(bare, () => (text) => Array.from(text, (character) => character.toLowerCase()).join("")),
  StripAccents: kind(bare, () => (text) => text.replace(/\p{M}/gu, "")),
  Strip: kind(
    z.looseObject({ strip_left: z.boolean(), strip_right: z.boolean() }),
    ({ strip_left, strip_right }) =>
      (text) => {
        const stripped = strip_left ? text.replace(/^\p{White_Space}+/u, "") : text;
        return strip_right ? stripped.replace(/(?<!\p{White_Space})\p{White_Space}+$/u, "") : stripped;
      },
  ),
  Prepend: kind(
    z.looseObject({ prepend: z.string() }),
    ({ prepend }) =>
      (text, continues) =>
        continues ? text : prepend + text,
  ),
  Replace: kind(z.looseObject({ pattern: patternSchema, content: z.string() }), ({ pattern, content }) => {
    const expression = compilePattern(pattern);
    return (text) => replaceMatches(text, expression, content);
  }),
  Precompiled: kind(z.looseObject({ precompiled_charsmap: z.base64() }), ({ precompiled_charsmap }) =>
    compileCharacterMap(Buffer.from(precompiled_charsmap, "base64")),
  ),
};

/**
 * Compiles the `normalizer` of a `tokenizer.json`, which rewrites a text before it is split.
 *
 * @throws InputError if a step is unsupported; the function throws it if it expands a text far too much
 */
export function compileNormalizer(part: unknown, place: PartPlace): Normalize {
  const steps = compileSteps(part, kinds, "normalizers", place);
  // Nothing is prepended to an empty text.
  return (text, continues) =>
    steps.reduce((before, step) => {
      const rewritten = before === "" ? "" : step(before, continues);
      if (rewritten.length > mostGrown(text.length))
        throw new InputError(`the normalizer makes ${rewritten.length} characters of ${text.length}`);
      return rewritten;
    }, text);
}
