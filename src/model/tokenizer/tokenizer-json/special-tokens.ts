/*
 * Parts of a `tokenizer.json` that is written here, in the layout of Python's `tokenizers`, field by field.
 */

/** Special tokens as entries of `added_tokens`; their ids are their places. */
export function addedTokens(tokens: readonly string[]): object[] {
  return tokens.map((content, id) => addedToken(content, id, true));
}

/** A token that is found in a text before anything else, as an entry of `added_tokens`. */
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
