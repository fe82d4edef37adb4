/** How text was normalised and split into words to learn a byte-level vocabulary. */
export interface PreTokenizer {
  /** `normalizer` of a `tokenizer.json`. */
  readonly normalizer: object | null;
  /** `pre_tokenizer` of a `tokenizer.json`. */
  readonly parts: object;
  /** Whether a word that is a token is used whole, regardless of the merges. */
  readonly ignoreMerges: boolean;
  /** Whether a text gets a BOS if the file does not say. */
  readonly addsBos: boolean;
}

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const whiteSpace = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";

/** Words preceded by at most one other character, digits in groups. */
const words = (digits: string) =>
  `${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${whiteSpace}`;

/** The same, with words also split before capitals, and slashes attached to punctuation. */
const casedWords = (suffix: string, digits: string) =>
  [
    `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${suffix}`,
    `[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${suffix}`,
    `${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${whiteSpace}`,
  ].join("|");

const nfc = { type: "NFC" };
const byteLevel = (use_regex: boolean) => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex,
});
const sequence = (...pretokenizers: object[]) => ({ type: "Sequence", pretokenizers });
const split = (pattern: string) =>
  sequence({ type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false }, byteLevel(false));

const plain = { normalizer: null, ignoreMerges: false, addsBos: false };
const gpt2: PreTokenizer = { ...plain, parts: byteLevel(true) };
const digitsApart: PreTokenizer = {
  ...plain,
  parts: sequence({ type: "Digits", individual_digits: true }, byteLevel(true)),
};
const llama3: PreTokenizer = { ...plain, parts: split(words("\\p{N}{1,3}")), ignoreMerges: true, addsBos: true };
const qwen2: PreTokenizer = { ...plain, normalizer: nfc, parts: split(words("\\p{N}")) };
const gpt4o: PreTokenizer = { ...plain, parts: split(casedWords(`${contractions}?`, "\\p{N}{1,3}")) };
const tekken: PreTokenizer = { ...plain, parts: split(casedWords("", "\\p{N}")), ignoreMerges: true, addsBos: true };

/**
 * Pre-tokenizers by their names in `tokenizer.ggml.pre`. The names are llama.cpp's (`src/llama-vocab.cpp`,
 * https://github.com/ggml-org/llama.cpp); the contents are from the `tokenizer.json` of the named models, whose normalizer
 * llama.cpp omits. Unlisted names are refused: splitting the same text differently would silently give other tokens.
 */
export const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  "gpt-2": gpt2,
  "phi-2": gpt2,
  exaone4: gpt2,
  // The tokenizer of GPT-NeoX, Pythia and OLMo 1.
  olmo: { ...gpt2, normalizer: nfc },
  mpt: { ...gpt2, normalizer: nfc },
  smollm: digitsApart,
  starcoder: digitsApart,
  // Also Granite's.
  refact: digitsApart,
  "llama-bpe": llama3,
  llama3,
  "llama-v3": llama3,
  falcon3: llama3,
  lfm2: llama3,
  // Also OLMo 2's and Phi-4's.
  dbrx: { ...llama3, ignoreMerges: false, addsBos: false },
  "smaug-bpe": { ...llama3, ignoreMerges: false, addsBos: false },
  qwen2,
  "deepseek-r1-qwen": qwen2,
  megrez: qwen2,
  stablelm2: qwen2,
  "gpt-4o": gpt4o,
  llama4: gpt4o,
  tekken,
};
