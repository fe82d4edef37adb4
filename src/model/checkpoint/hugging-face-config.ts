import { z } from "zod";
import { parseJson } from "../../base/read-json.js";
import { architectureOf, architectures, type ArchitectureName } from "../architectures/index.js";
import type { ModelConfig } from "../config.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";

const anyModel = z.looseObject({ model_type: z.enum(Object.keys(architectures) as ArchitectureName[]) });

/**
 * Parses a Hugging Face `config.json`, as written by transformers 4 or 5.
 *
 * @param file path for the errors
 * @throws InputError if a field is missing, asks for something unsupported, or for more layers than any model has; for an unknown
 *   architecture it lists the known ones
 */
export function parseHuggingFaceConfig(json: string, file: string): ModelConfig {
  const fields = parseJson(json, anyModel, file);
  return architectures[fields.model_type].parse(fields, file);
}

/** Content of the `config.json` that transformers 4 and 5 read, sorted by name as they do. */
export function huggingFaceConfig(config: ModelConfig, tokenizer: Tokenizer): Record<string, unknown> {
  const architecture = architectureOf(config);
  const fields = {
    architectures: [architecture.className],
    ...specialIds(tokenizer),
    dtype: "float32",
    initializer_range: config.initializerRange,
    model_type: config.architecture,
    tie_word_embeddings: config.tiedEmbeddings,
    vocab_size: config.vocabSize,
    ...architecture.fields(config),
  };
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Fields that transformers refuses to read as integers: JavaScript's 30 must be written as 30.0. */
const realNumbers =
  /^( {2}"(?:(?:attn|final)_logit_softcapping|router_jitter_noise|router_aux_loss_coef|initializer_range)": \d+)(,?)$/gm;

/** Text of a `config.json`. */
export function configText(fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(fields, null, 2)}\n`.replace(realNumbers, "$1.0$2");
}

/** Content of the `generation_config.json` that tells transformers which tokens end a response. */
export function huggingFaceGenerationConfig(tokenizer: Tokenizer): Record<string, unknown> {
  const { stopIds } = tokenizer;
  return { ...specialIds(tokenizer), ...(stopIds.length > 1 && { eos_token_id: stopIds }) };
}

function specialIds({ bosId, eosId, padId }: Tokenizer): Record<string, number | null> {
  return { bos_token_id: bosId ?? null, eos_token_id: eosId, pad_token_id: padId };
}
