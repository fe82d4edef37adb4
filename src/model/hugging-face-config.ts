import { z } from "zod";
import { inputError } from "../base/errors.js";
import type { ModelConfig } from "./config.js";
import { parseJson } from "./read-json.js";
import type { Tokenizer } from "./tokenizer.js";

const size = z.int().positive();
const rope = z.looseObject({
  rope_theta: z.number().positive().optional(),
  rope_type: z.literal("default").optional(),
  // The name of `rope_type` before transformers 4.43.
  type: z.literal("default").optional(),
  partial_rotary_factor: z.literal(1).nullish(),
});

/** Fields that are left out have the defaults of transformers' LlamaConfig; other fields do not change the network. */
const llama = z.looseObject({
  architectures: z.tuple([z.literal("LlamaForCausalLM")]).nullish(),
  model_type: z.literal("llama"),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  max_position_embeddings: size.default(2048),
  rope_theta: z.number().positive().optional(),
  rope_parameters: rope.nullish(),
  rope_scaling: rope.nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  initializer_range: z.number().nonnegative().default(0.02),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.literal("silu").default("silu"),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  attention_dropout: z.literal(0).default(0),
  quantization_config: z.null().optional(),
});

/**
 * The model that a Hugging Face `config.json` describes: LlamaForCausalLM without biases, dropout, quantisation or
 * scaled rotary embeddings.
 *
 * @param file path for the errors
 * @throws InputError where a field is missing or asks for what is not supported
 */
export function parseHuggingFaceConfig(json: string, file: string): ModelConfig {
  const config = parseJson(json, llama, file);
  const heads = config.num_attention_heads;
  const kvHeads = config.num_key_value_heads ?? heads;
  const headSize = config.head_dim ?? config.hidden_size / heads;
  if (heads % kvHeads !== 0) {
    throw inputError({ file }, `num_key_value_heads = ${kvHeads}`, `a divisor of num_attention_heads = ${heads}`);
  }
  if (headSize % 2 !== 0) {
    throw inputError({ file }, `heads of ${headSize} elements`, "an even number, for rotary embeddings (head_dim)");
  }
  return {
    architecture: "llama",
    vocabSize: config.vocab_size,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads,
    kvHeads,
    headSize,
    contextLength: config.max_position_embeddings,
    ropeTheta: config.rope_parameters?.rope_theta ?? config.rope_theta ?? 10000,
    normEpsilon: config.rms_norm_eps,
    tiedEmbeddings: config.tie_word_embeddings,
    initializerRange: config.initializer_range,
  };
}

/** Content of the `config.json` that transformers 4 and 5 read. */
export function huggingFaceConfig(config: ModelConfig, tokenizer: Tokenizer): Record<string, unknown> {
  return {
    architectures: ["LlamaForCausalLM"],
    attention_bias: false,
    attention_dropout: 0,
    ...specialIds(tokenizer),
    dtype: "float32",
    head_dim: config.headSize,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.contextLength,
    mlp_bias: false,
    model_type: "llama",
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    rms_norm_eps: config.normEpsilon,
    rope_parameters: { rope_theta: config.ropeTheta, rope_type: "default" },
    // transformers 4 does not know rope_parameters.
    rope_theta: config.ropeTheta,
    tie_word_embeddings: config.tiedEmbeddings,
    vocab_size: config.vocabSize,
  };
}

/** Content of the `generation_config.json` that tells transformers where a response ends. */
export function huggingFaceGenerationConfig(tokenizer: Tokenizer): Record<string, unknown> {
  return specialIds(tokenizer);
}

function specialIds({ bosId, eosId, padId }: Tokenizer): Record<string, number | null> {
  return { bos_token_id: bosId ?? null, eos_token_id: eosId, pad_token_id: padId };
}
