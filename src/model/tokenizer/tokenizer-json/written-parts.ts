/* Parts of a `tokenizer.json` written by this library, in the layout of Python's `tokenizers`, field by field. */

/** Special tokens as entries of `added_tokens`; their ids are their indices. */
export function addedTokens(tokens: readonly string[]): object[] {
  return tokens.map((content, id) => addedToken(content, id, true));
}

/** A token that is matched in a text before anything else, as an entry of `added_tokens`. */
export function addedToken(content: string, id: number, special: boolean): object {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
}

/** The `post_processor` that puts a BOS before a text, and before the first of two. */
export function bosFirst(bos: string, bosId: number): object {
  const special = { SpecialToken: { id: bos, type_id: 0 } };
  const text = (id: string) => ({ Sequence: { id, type_id: 0 } });
  return {
    type: "TemplateProcessing",
    single: [special, text("A")],
    pair: [special, text("A"), text("B")],
    special_tokens: { [bos]: { id: bos, ids: [bosId], tokens: [bos] } },
  };
}

/** The `decoder` of tokens that stand for bytes. */
export const byteLevelDecoder = {
  type: "ByteLevel",
  add_prefix_space: true,
  trim_offsets: true,
  use_regex: true,
} as const;

/** Settings of a `model` of merges besides its vocabulary, if they differ from those of byte-level tokenizers. */
interface BytePairSettings {
  readonly unk_token?: string;
  readonly fuse_unk?: boolean;
  readonly byte_fallback?: boolean;
  readonly ignore_merges?: boolean;
}

/** The `model` that merges pairs of pieces, earlier merges first. */
export function bytePairModel(
  vocab: Readonly<Record<string, number>>,
  merges: readonly (readonly string[])[],
  settings: BytePairSettings = {},
): object {
  const { unk_token = null, fuse_unk = false, byte_fallback = false, ignore_merges = false } = settings;
  return {
    type: "BPE",
    dropout: null,
    unk_token,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk,
    byte_fallback,
    ignore_merges,
    vocab,
    merges,
  };
}
