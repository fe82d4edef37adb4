import { inputError } from "../../base/errors.js";
import { learnMerges } from "./byte-pair-merges.js";
import { dialogueTemplate } from "./chat/chat-template.js";
import { tokenizerFromFiles } from "./load-tokenizer.js";
import type { Tokenizer } from "./tokenizer.js";
import { byteCharacters } from "./tokenizer-json/byte-characters.js";
import { gpt2Words } from "./tokenizer-json/pre-tokenizer.js";
import { addedTokens, bosFirst, byteLevelDecoder, bytePairModel } from "./tokenizer-json/written-parts.js";

/** Ids 0, 1 and 2 of every tokenizer trained here. */
const specialTokens = { pad_token: "<|pad|>", bos_token: "<|bos|>", eos_token: "<|eos|>" } as const;

/** A pair of tokens that occurs only once predicts nothing about other texts. */
const minPairCount = 2;

/**
 * Trains a byte-level byte-pair tokenizer, which can encode any text. The same texts give the same tokenizer, in any order. A
 * prompt gets a BOS; special tokens in a text stay text; conversations are rendered as HH-RLHF's dialogues.
 *
 * @param options.vocabSize largest number of tokens, 4096 by default; fewer if no pair of tokens occurs twice any more
 * @throws InputError if `vocabSize` leaves no room for the 256 bytes and 3 special tokens
 */
export function trainTokenizer(texts: Iterable<string>, { vocabSize = 4096 }: { vocabSize?: number } = {}): Tokenizer {
  const tokens = [...Object.values(specialTokens), ...[...byteCharacters].sort()];
  if (!Number.isInteger(vocabSize) || vocabSize < tokens.length) {
    throw inputError({}, `a vocabulary of ${vocabSize} tokens`, `a whole number from ${tokens.length} on`);
  }
  const idOfByte = byteCharacters.map((character) => tokens.indexOf(character));
  const words = [...countWords(texts)].map(([word, count]) => ({
    ids: Array.from(Buffer.from(word), (byte) => idOfByte[byte]!),
    count,
  }));
  const merges = learnMerges(tokens, words, vocabSize, minPairCount);
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return tokenizerFromFiles(
    new Map([
      ["tokenizer.json", `${JSON.stringify(tokenizerJson(vocab, merges), null, 1)}\n`],
      ["tokenizer_config.json", `${JSON.stringify(tokenizerConfig, null, 2)}\n`],
    ]),
  );
}

function countWords(texts: Iterable<string>): Map<string, number> {
  const pattern = new RegExp(gpt2Words, "gu");
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.match(pattern) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** The layout that the `tokenizers` library writes, field by field. */
function tokenizerJson(vocab: Record<string, number>, merges: readonly (readonly [string, string])[]): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(Object.values(specialTokens)),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: gpt2Words }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: bosFirst(specialTokens.bos_token, vocab[specialTokens.bos_token]!),
    decoder: byteLevelDecoder,
    model: bytePairModel(vocab, merges),
  };
}

const tokenizerConfig = {
  tokenizer_class: "PreTrainedTokenizerFast",
  ...specialTokens,
  add_bos_token: true,
  split_special_tokens: true,
  clean_up_tokenization_spaces: false,
  chat_template: dialogueTemplate,
};
