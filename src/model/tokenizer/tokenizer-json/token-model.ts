import { z } from "zod";
import { inputError, quote } from "../../../base/errors.js";
import { checkJson } from "../../../base/read-json.js";
import { tokenId } from "./added-tokens.js";
import { BPE, Unigram } from "./library.js";
import type { PartPlace } from "./parts.js";

/** Splits pieces of text into tokens. */
export interface TokenModel {
  /** Ids of the tokens by their text. */
  readonly vocab: ReadonlyMap<string, number>;
  /** The token for what the vocabulary lacks. */
  readonly unknown: string | undefined;
  /** The tokens of one piece, as their texts. */
  tokensOf(piece: string): string[];
}

const unused = z.union([z.null(), z.literal("")], { error: "expected null" }).optional();
const vocabulary = z.record(z.string(), tokenId);
const unknownToken = z.string().nullish();

const bytePairs = z.looseObject({
  vocab: vocabulary,
  merges: z.union([z.array(z.string()), z.array(z.tuple([z.string(), z.string()]))], {
    error: "expected a list of merges",
  }),
  unk_token: unknownToken,
  // Each of these gives other tokens, and no decoder-only model that we know of uses them.
  dropout: z.union([z.null(), z.literal(0)], { error: "expected null" }).optional(),
  continuing_subword_prefix: unused,
  end_of_word_suffix: unused,
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false),
});
const unigram = z
  .looseObject({
    vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
    unk_id: z.int().nonnegative(),
    byte_fallback: z.boolean().default(false),
  })
  .superRefine(({ vocab, unk_id }, { addIssue }) => {
    if (unk_id >= vocab.length)
      addIssue({ code: "custom", path: ["unk_id"], message: `expected the id of a token, below ${vocab.length}` });
  });
const wordLevel = z.looseObject({ vocab: vocabulary, unk_token: z.string() });
const anyModel = z.looseObject({ type: z.string().optional() });

/**
 * Compiles the `model` of a `tokenizer.json`.
 *
 * @throws InputError if it is of a kind that decoder-only models do not use, or its settings do not fit
 */
export function compileTokenModel(part: unknown, { file, within }: PartPlace): TokenModel {
  const model = checkJson(part, anyModel, file, within);
  const type = model.type ?? kindOf(model);
  switch (type) {
    case "BPE":
      return bytePairModel(checkJson(model, bytePairs, file, within));
    case "Unigram":
      return unigramModel(checkJson(model, unigram, file, within));
    case "WordLevel":
      return wordModel(checkJson(model, wordLevel, file, within));
    default:
      throw inputError({ file }, `${within}.type = ${quote(type)}`, "one of BPE, Unigram, WordLevel");
  }
}

/** Older files do not name the kind. */
function kindOf(model: Record<string, unknown>): string {
  if ("merges" in model) return "BPE";
  if (Array.isArray(model["vocab"])) return "Unigram";
  return "continuing_subword_prefix" in model ? "WordPiece" : "WordLevel";
}

function bytePairModel(settings: z.infer<typeof bytePairs>): TokenModel {
  const { unk_token: unknown, fuse_unk: fuses } = settings;
  const library = new BPE({ type: "BPE", ...settings });
  return {
    vocab: library.tokens_to_ids,
    unknown: unknown ?? undefined,
    tokensOf: (piece) => {
      const tokens = library.encode([piece]);
      return fuses ? tokens.filter((token, i) => token !== unknown || tokens[i - 1] !== unknown) : tokens;
    },
  };
}

function unigramModel({ vocab, unk_id, byte_fallback }: z.infer<typeof unigram>): TokenModel {
  const library = new Unigram({ type: "Unigram", vocab, unk_id }, "");
  const ids = library.tokens_to_ids;
  const unknown = vocab[unk_id]![0];
  return {
    vocab: ids,
    unknown,
    tokensOf: (piece) => {
      const tokens: string[] = [];
      let strange = "";
      const takeStrange = () => {
        if (strange === "") return;
        const bytes = byte_fallback ? Array.from(Buffer.from(strange), byteToken) : [unknown];
        tokens.push(...(strange !== unknown && bytes.every((byte) => ids.has(byte)) ? bytes : [unknown]));
        strange = "";
      };
      for (const token of library.tokenize(piece)) {
        if (token === unknown || !ids.has(token)) {
          strange += token;
          continue;
        }
        takeStrange();
        tokens.push(token);
      }
      takeStrange();
      return tokens;
    },
  };
}

function wordModel({ vocab, unk_token }: z.infer<typeof wordLevel>): TokenModel {
  const ids = new Map(Object.entries(vocab));
  return { vocab: ids, unknown: unk_token, tokensOf: (piece) => [ids.has(piece) ? piece : unk_token] };
}

/** The token that stands for a byte, such as `<0x0A>`. */
function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}
