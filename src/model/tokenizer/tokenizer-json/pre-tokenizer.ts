import { z } from "zod";
import { wordCharacters } from "./added-tokens.js";
import { byteCharacters } from "./byte-characters.js";
import { character, compileSteps, kind, type Kind, type PartPlace } from "./parts.js";
import { compilePattern, patternSchema } from "./pattern.js";
import { splitBehaviors, splitPieces, type Piece, type SplitBehavior } from "./split-pieces.js";

/** Position of a section in a text. */
export interface ProgressState {
  /** Whether the text begins with it. */
  readonly first: boolean;
  /** Whether it directly follows plain text. */
  readonly continues: boolean;
}

/** A step that splits the pieces of a section further, or rewrites them. */
interface Step {
  readonly divide: (pieces: readonly Piece[], standing: ProgressState) => readonly Piece[];
  /** Rewrites each piece afterwards; depends on the piece's text alone. Default: unchanged. */
  readonly spell?: (text: string) => string;
}

/** Splits a section of a text into pieces; tokens do not cross their boundaries. */
export interface PreTokenizer {
  readonly divide: (section: string, standing: ProgressState) => string[];
  /** How the vocabulary writes a piece. Separate from splitting, so that a piece with cached ids is not rewritten. */
  readonly spell: (piece: string) => string;
}

/**
 * GPT-2's splitting of a text into words. White space is given by its Unicode property because `\s` is a different set of
 * characters in JavaScript than in the engine of Python's tokenizers.
 * Source: https://github.com/openai/gpt-2/blob/master/src/encoder.py
 */
export const gpt2Words = [
  "'(?:[sdmt]|ll|ve|re)",
  " ?\\p{L}+",
  " ?\\p{N}+",
  " ?[^\\p{White_Space}\\p{L}\\p{N}]+",
  "\\p{White_Space}+(?!\\P{White_Space})",
  "\\p{White_Space}+",
].join("|");

const words = new RegExp(gpt2Words, "gu");
const space = /\p{White_Space}/gu;
const digit = /\p{N}/gu;
const punctuation = /[\p{P}$+<=>^`|~]/gu;
const wordOrMarks = new RegExp(`[${wordCharacters}]+|[^${wordCharacters}\\p{White_Space}]+`, "gu");

const behavior = z.enum(splitBehaviors);
const bare = z.looseObject({});

const kinds: Readonly<Record<string, Kind<Step>>> = {
  ByteLevel: kind(
    z.looseObject({ add_prefix_space: z.boolean(), use_regex: z.boolean().default(true) }),
    ({ add_prefix_space, use_regex }) => ({
      divide: (pieces, { continues }) => {
        const spaced = add_prefix_space ? pieces.map((piece) => prefixed(piece, " ", continues)) : pieces;
        return use_regex ? splitPieces(spaced, words, "Isolated") : spaced;
      },
      spell: bytesAsCharacters,
    }),
  ),
  Metaspace: kind(
    z.looseObject({
      replacement: character,
      // Before `prepend_scheme` existed, a flag said whether to prepend.
      add_prefix_space: z.boolean().default(true),
      prepend_scheme: z.enum(["always", "first", "never"]).optional(),
      split: z.boolean().default(true),
    }),
    ({ replacement, add_prefix_space, prepend_scheme = add_prefix_space ? "always" : "never", split }) => {
      const pattern = compilePattern({ String: replacement });
      return {
        divide: (pieces, { first, continues }) => {
          const marked = pieces.map((piece) => {
            const { at } = piece;
            const text = piece.text.replaceAll(" ", () => replacement);
            const prepends = prepend_scheme === "always" || (prepend_scheme === "first" && first && at === 0);
            return prepends ? prefixed({ text, at }, replacement, continues) : { text, at };
          });
          return split ? splitPieces(marked, pattern, "MergedWithNext") : marked;
        },
      };
    },
  ),
  Split: kind(
    z.looseObject({ pattern: patternSchema, behavior, invert: z.boolean() }),
    ({ pattern, behavior, invert }) => {
      return splitsAt(compilePattern(pattern), behavior, invert);
    },
  ),
  Digits: kind(z.looseObject({ individual_digits: z.boolean() }), ({ individual_digits }) =>
    splitsAt(digit, individual_digits ? "Isolated" : "Contiguous"),
  ),
  Punctuation: kind(z.looseObject({ behavior: behavior.default("Isolated") }), ({ behavior }) =>
    splitsAt(punctuation, behavior),
  ),
  WhitespaceSplit: kind(bare, () => splitsAt(space, "Removed")),
  Whitespace: kind(bare, () => splitsAt(wordOrMarks, "Removed", true)),
};

function splitsAt(pattern: RegExp, behavior: SplitBehavior, invert = false): Step {
  return { divide: (pieces) => splitPieces(pieces, pattern, behavior, invert) };
}

/**
 * Compiles the `pre_tokenizer` of a `tokenizer.json`.
 *
 * @throws InputError if a step is unsupported
 */
export function compilePreTokenizer(part: unknown, place: PartPlace): PreTokenizer {
  const steps = compileSteps(part, kinds, "pretokenizers", place);
  const divide = (section: string, standing: ProgressState) => {
    let pieces: readonly Piece[] = [{ text: section, at: 0 }];
    for (const [i, step] of steps.entries()) {
      pieces = step.divide(pieces, standing);
      const { spell } = step;
      if (spell && i < steps.length - 1) pieces = pieces.map(({ text, at }) => ({ text: spell(text), at }));
    }
    return pieces.map(({ text }) => text);
  };
  return { divide, spell: steps.at(-1)?.spell ?? ((piece) => piece) };
}

/** Prepends a mark to the piece, unless it has one or continues other text. */
function prefixed({ text, at }: Piece, mark: string, continues: boolean): Piece {
  return text.startsWith(mark) || (continues && at === 0) ? { text, at } : { text: mark + text, at };
}

function bytesAsCharacters(text: string): string {
  let characters = "";
  for (const byte of Buffer.from(text)) characters += byteCharacters[byte]!;
  return characters;
}
