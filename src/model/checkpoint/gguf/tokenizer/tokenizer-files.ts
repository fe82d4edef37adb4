import { inputError, quote } from "../../../../base/errors.js";
import {
  addedToken,
  bosFirst,
  byteLevelDecoder,
  bytePairModel,
} from "../../../tokenizer/tokenizer-json/written-parts.js";
import { kinds, type Metadata } from "../metadata.js";
import { preTokenizers } from "./pre-tokenizers.js";
import { mergesOfPieces } from "./sentence-piece-merges.js";

/** Token types, as numbered by GGUF (`llama_token_type`). */
const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

interface Token {
  readonly id: number;
  readonly text: string;
  readonly type: number;
  readonly score: number;
}

/** The parts of a `tokenizer.json` that depend on the kind of vocabulary. */
interface Vocabulary {
  readonly normalizer: object | null;
  readonly pre_tokenizer: object | null;
  readonly decoder: object;
  readonly model: object;
}

/** A kind of vocabulary: its parts, and whether a text gets a BOS if the file does not say. */
type VocabularyKind = (
  metadata: Metadata,
  tokens: readonly Token[],
) => { readonly vocabulary: Vocabulary; readonly addsBos: boolean };

/** Vocabulary kinds by `tokenizer.ggml.model`. */
const vocabularyKinds: Readonly<Record<string, VocabularyKind>> = { gpt2: byteLevel, llama: piecePairs, t5: unigram };

/** A tokenizer converted from GGUF's metadata. */
export interface StoredTokenizer {
  /** Its files in Hugging Face layout, by name. */
  readonly files: ReadonlyMap<string, string>;
  /** Ids that end a response, besides the EOS. */
  readonly stops: readonly number[];
  /** Tokens of the vocabulary, used or not. */
  readonly size: number;
}

/**
 * Writes the tokenizer of a GGUF file as `tokenizer.json`, `tokenizer_config.json` and `chat_template.jinja`: byte-level BPE
 * (`gpt2`) with the pre-tokenizer that it names, SentencePiece BPE (`llama`) or unigram (`t5`).
 *
 * - Control tokens are special; user-defined ones are matched in texts too; unused ones, which pad the embedding, are left out.
 * - `add_bos_token` defaults to llama.cpp's value if the file does not give it: true for SentencePiece BPE, and for byte-level
 *   BPE as the pre-tokenizer has it.
 *
 * @throws InputError if the tokenizer is of another kind, its pre-tokenizer is unknown, or a value is missing
 */
export function tokenizerFiles(metadata: Metadata): StoredTokenizer {
  const tokens = readTokens(metadata);
  const makeVocabulary = metadata.choose("tokenizer.ggml.model", vocabularyKinds);
  const { vocabulary, addsBos: addsByDefault } = makeVocabulary(metadata, tokens);
  const addsBos = metadata.find("tokenizer.ggml.add_bos_token", kinds.flag) ?? addsByDefault;
  const special = (name: string) => {
    const id = metadata.find(idKey(name), kinds.id);
    return id === undefined ? undefined : tokenAt(metadata, tokens, name, id);
  };
  const bos = special("bos");
  const eos = tokenAt(metadata, tokens, "eos", metadata.get(idKey("eos"), kinds.id));
  if (addsBos && !bos) throw inputError({ file: metadata.path }, `a BOS to add, but no ${idKey("bos")}`, "its id");
  // Tokens to be matched in a text are added tokens, even if the file calls them normal.
  const named = new Set([bos, eos].map((token) => token?.id));
  const added = tokens.filter(
    ({ id, type }) =>
      named.has(id) || [tokenType.unknown, tokenType.control, tokenType.userDefined].some((each) => each === type),
  );

  const json = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added.map(({ id, text, type }) => addedToken(text, id, type !== tokenType.userDefined)),
    normalizer: vocabulary.normalizer,
    pre_tokenizer: vocabulary.pre_tokenizer,
    post_processor: addsBos ? bosFirst(bos!.text, bos!.id) : null,
    decoder: vocabulary.decoder,
    model: vocabulary.model,
  };
  const texts = { bos_token: bos, eos_token: eos, pad_token: special("padding"), unk_token: special("unknown") };
  const config = {
    add_bos_token: addsBos,
    ...Object.fromEntries(Object.entries(texts).flatMap(([name, token]) => (token ? [[name, token.text]] : []))),
    clean_up_tokenization_spaces: false,
    tokenizer_class: "PreTrainedTokenizerFast",
  };
  const template = metadata.find("tokenizer.chat_template", kinds.text);
  return {
    files: new Map([
      ["tokenizer.json", `${JSON.stringify(json, null, 1)}\n`],
      ["tokenizer_config.json", `${JSON.stringify(config, null, 2)}\n`],
      ...(template === undefined ? [] : [["chat_template.jinja", template] as const]),
    ]),
    // End of a turn, and end of a message that calls a tool.
    stops: [special("eot"), special("eom")].flatMap((token) => token?.id ?? []),
    size: tokens.length,
  };
}

const idKey = (name: string) => `tokenizer.ggml.${name}_token_id`;

function readTokens(metadata: Metadata): Token[] {
  const texts = metadata.get("tokenizer.ggml.tokens", kinds.texts);
  const types = metadata.find("tokenizer.ggml.token_type", kinds.numbers);
  const scores = metadata.find("tokenizer.ggml.scores", kinds.numbers);
  for (const [name, list] of Object.entries({ token_type: types, scores })) {
    if (list && list.length !== texts.length) {
      throw inputError(
        { file: metadata.path },
        `${list.length} entries of tokenizer.ggml.${name}`,
        `${texts.length}, one for each token`,
      );
    }
  }
  return texts.map((text, id) => ({ id, text, type: types?.[id] ?? tokenType.normal, score: scores?.[id] ?? 0 }));
}

function tokenAt({ path }: Metadata, tokens: readonly Token[], name: string, id: number): Token {
  const token = tokens[id];
  if (token === undefined)
    throw inputError({ file: path }, `${idKey(name)} = ${id}`, `an id below ${tokens.length}, the number of tokens`);
  return token;
}

/** Ids by text. */
function vocabOf(tokens: readonly Token[]): Record<string, number> {
  return Object.fromEntries(tokens.filter(({ type }) => type !== tokenType.unused).map(({ text, id }) => [text, id]));
}

function byteLevel(metadata: Metadata, tokens: readonly Token[]): ReturnType<VocabularyKind> {
  const { normalizer, parts, ignoreMerges, addsBos } = metadata.choose("tokenizer.ggml.pre", preTokenizers);
  const merges = metadata.get("tokenizer.ggml.merges", kinds.texts).map((merge) => {
    // A token may be a space.
    const cut = merge.indexOf(" ", 1);
    if (cut < 0)
      throw inputError({ file: metadata.path }, `the merge ${quote(merge)}`, "two tokens with a space between them");
    return [merge.slice(0, cut), merge.slice(cut + 1)];
  });
  return {
    addsBos,
    vocabulary: {
      normalizer,
      pre_tokenizer: parts,
      decoder: byteLevelDecoder,
      model: bytePairModel(vocabOf(tokens), merges, { ignore_merges: ignoreMerges }),
    },
  };
}

function piecePairs(metadata: Metadata, tokens: readonly Token[]): ReturnType<VocabularyKind> {
  const merged = tokens.filter(({ type }) => type === tokenType.normal);
  const merges = mergesOfPieces(new Map(merged.map((token) => [token.text, token])));
  const unknown = tokens[unknownId(metadata, tokens)]!.text;
  return {
    addsBos: true,
    vocabulary: {
      ...pieces(metadata),
      model: bytePairModel(vocabOf(tokens), merges, {
        unk_token: unknown,
        fuse_unk: true,
        byte_fallback: hasBytes(tokens),
      }),
    },
  };
}

function unigram(metadata: Metadata, tokens: readonly Token[]): ReturnType<VocabularyKind> {
  metadata.get("tokenizer.ggml.scores", kinds.numbers);
  return {
    addsBos: false,
    vocabulary: {
      ...pieces(metadata),
      model: {
        type: "Unigram",
        unk_id: unknownId(metadata, tokens),
        // A list without gaps: unused tokens have an entry too.
        vocab: tokens.map(({ text, score }) => [text, score]),
        byte_fallback: hasBytes(tokens),
      },
    },
  };
}

/** How SentencePiece rewrites a text before splitting it into pieces, and rejoins them: spaces are written as "▁". */
function pieces(metadata: Metadata): Omit<Vocabulary, "model"> {
  const key = "tokenizer.ggml.remove_extra_whitespaces";
  if (metadata.find(key, kinds.flag)) {
    throw inputError(
      { file: metadata.path },
      `${key} = true`,
      "false: what lies between a prompt and a response would be lost",
    );
  }
  const prefix = metadata.find("tokenizer.ggml.add_space_prefix", kinds.flag) ?? true;
  const map = metadata.find("tokenizer.ggml.precompiled_charsmap", kinds.numbers);
  const space = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const normalizers = [
    ...(map ? [{ type: "Precompiled", precompiled_charsmap: Buffer.from(map).toString("base64") }] : []),
    ...(prefix ? [{ type: "Prepend", prepend: "▁" }] : []),
    space,
  ];
  const decoders = [
    { type: "Replace", pattern: { String: "▁" }, content: " " },
    { type: "ByteFallback" },
    { type: "Fuse" },
    ...(prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
  ];
  return {
    normalizer: { type: "Sequence", normalizers },
    pre_tokenizer: null,
    decoder: { type: "Sequence", decoders },
  };
}

function unknownId(metadata: Metadata, tokens: readonly Token[]): number {
  const id = metadata.find(idKey("unknown"), kinds.id) ?? tokens.findIndex(({ type }) => type === tokenType.unknown);
  if (id < 0)
    throw inputError({ file: metadata.path }, `no ${idKey("unknown")}`, "the token for what the pieces cannot write");
  return tokenAt(metadata, tokens, "unknown", id).id;
}

const hasBytes = (tokens: readonly Token[]) => tokens.some(({ type }) => type === tokenType.byte);
