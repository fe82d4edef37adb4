import { addedTokens, bosFirst } from "../../model/tokenizer/tokenizer-json/written-parts.js";
import { goalVocabulary, vocabulary } from "./vocabulary.js";

/** The special tokens; their ids are their positions here. */
export const specialTokens = ["<pad>", "<bos>", "<eos>", "<unk>"] as const;

/**
 * The world's tokenizer in Hugging Face format: one token per word or punctuation mark, preceded by a BOS. Texts of the
 * world (words separated by single spaces) decode to themselves.
 *
 * @param goals whether to include the words for goals, which come last so that the other ids stay the same. Default false
 * @returns file contents by name: `tokenizer.json`, `tokenizer_config.json`
 */
export function tokenizerFiles(goals = false): Map<string, string> {
  const [pad, bos, eos, unknown] = specialTokens;
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(specialTokens),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: bosFirst(bos, specialTokens.indexOf(bos)),
    // Without a decoder, tokens are joined by spaces.
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(
        [...specialTokens, ...(goals ? goalVocabulary : vocabulary)].map((token, id) => [token, id]),
      ),
      unk_token: unknown,
    },
  };
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    pad_token: pad,
    bos_token: bos,
    eos_token: eos,
    unk_token: unknown,
    add_bos_token: true,
    add_eos_token: false,
    clean_up_tokenization_spaces: false,
  };
  return new Map([
    ["tokenizer.json", json(tokenizer)],
    ["tokenizer_config.json", json(config)],
  ]);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
