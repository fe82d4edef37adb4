import { z } from "zod";
import { inputError } from "../../base/errors.js";
import { checkJson } from "../../base/read-json.js";
import type { Gemma2Config, Gemma3Config } from "../config.js";
import type { Architecture } from "./architecture.js";
import { commonFields, size } from "./config-fields.js";
import {
  decodeFamily,
  familyFields,
  familyModules,
  familyNames,
  formatFamily,
  parseFamily,
  type FamilyTraits,
} from "./llama-family.js";
import { centredRmsNormModule } from "./modules.js";
import { centredRmsNorm } from "./parts/norm.js";
import { parseRope, ropeParameters } from "./parts/rope-fields.js";

/*
 * Gemma 2 (arXiv 2408.00118) and the language model of Gemma 3 (arXiv 2503.19786): norms before and after attention and
 * feed-forward, sliding windows in some layers, and embeddings scaled by √hiddenSize.
 */

const cap = z.number().positive().nullish();

/** Omitted fields have the defaults of transformers' configs. */
const { hidden_act: _notRead, ...shared } = familyFields;
const gemmaFields = {
  ...shared,
  num_key_value_heads: size.default(4),
  head_dim: size.default(256),
  hidden_activation: z.literal("gelu_pytorch_tanh").default("gelu_pytorch_tanh"),
  attention_bias: z.boolean().default(false),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: size.default(4096),
  layer_types: z.array(z.enum(["sliding_attention", "full_attention"])).nullish(),
  use_bidirectional_attention: z.literal(false).nullish(),
  final_logit_softcapping: cap,
};

const gemmaSchema = z.looseObject({
  ...gemmaFields,
  vocab_size: size,
  max_position_embeddings: size,
  initializer_range: z.number(),
  tie_word_embeddings: z.boolean(),
});

const schema2 = z.looseObject({
  ...commonFields("gemma2", "Gemma2ForCausalLM", true),
  ...gemmaFields,
  max_position_embeddings: size.default(8192),
  final_logit_softcapping: cap.default(30),
  attn_logit_softcapping: cap.default(50),
});

/** Rotary settings per kind of layer as in transformers 5; version 4 has a separate base for sliding-window layers. */
const ropeOfKinds = z.looseObject({
  full_attention: familyFields.rope_parameters,
  sliding_attention: familyFields.rope_parameters,
});

const schema3 = z.looseObject({
  ...commonFields("gemma3_text", "Gemma3ForCausalLM", true),
  ...gemmaFields,
  max_position_embeddings: size.default(131072),
  // Gemma 3 normalises queries and keys instead, and transformers does not read this field.
  attn_logit_softcapping: z.null().optional(),
  rope_parameters: ropeOfKinds.nullish(),
  rope_local_base_freq: z.number().positive().optional(),
  sliding_window_pattern: size.default(6),
});

function parseGemma(
  checked: z.infer<typeof gemmaSchema>,
  file: string,
  windowEvery: (layer: number) => boolean,
  ropeTheta?: number,
) {
  const family = parseFamily(checked, file, ropeTheta === undefined ? {} : { ropeTheta });
  const { layer_types: types, final_logit_softcapping: logitSoftCap } = checked;
  if (types && types.length !== family.layers) {
    throw inputError({ file }, `${types.length} layer_types`, `one for each of ${family.layers} layers`);
  }
  const windowed = (layer: number) => (types ? types[layer] === "sliding_attention" : windowEvery(layer));
  return {
    ...family,
    attentionBias: checked.attention_bias,
    queryPreAttentionScalar: checked.query_pre_attn_scalar,
    slidingWindow: checked.sliding_window,
    windowedLayers: Array.from({ length: family.layers }, (_, layer) => windowed(layer)),
    ...(typeof logitSoftCap === "number" && { logitSoftCap }),
  };
}

function formatGemma(config: Gemma2Config | Gemma3Config): Record<string, unknown> {
  const { hidden_act: _, ...fields } = formatFamily(config);
  return {
    ...fields,
    attention_bias: config.attentionBias,
    attn_logit_softcapping: config.scoreSoftCap ?? null,
    final_logit_softcapping: config.logitSoftCap ?? null,
    hidden_activation: "gelu_pytorch_tanh",
    layer_types: config.windowedLayers.map((windowed) => (windowed ? "sliding_attention" : "full_attention")),
    query_pre_attn_scalar: config.queryPreAttentionScalar,
    sliding_window: config.slidingWindow,
  };
}

const gemmaTraits = (config: Gemma2Config | Gemma3Config): FamilyTraits => ({
  biases: { projections: config.attentionBias, output: config.attentionBias },
  norm: { module: centredRmsNormModule, apply: centredRmsNorm },
  norms: {
    beforeAttention: "input_layernorm",
    afterAttention: "post_attention_layernorm",
    beforeFeedForward: "pre_feedforward_layernorm",
    afterFeedForward: "post_feedforward_layernorm",
  },
  activation: "gelu-tanh",
  embeddingScale: Math.sqrt(config.hiddenSize),
  scoreScale: 1 / Math.sqrt(config.queryPreAttentionScalar),
  scoreCap: config.scoreSoftCap,
});

const gemma3Traits = (config: Gemma3Config): FamilyTraits => ({
  ...gemmaTraits(config),
  queryKeyNorm: "each-head",
  rotary: (layer) => (config.windowedLayers[layer] ? config.windowedRotary : config),
});

/** Gemma 2. */
export const gemma2: Architecture<Gemma2Config> = {
  className: "Gemma2ForCausalLM",
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema2, file);
    const { attn_logit_softcapping: scoreSoftCap } = checked;
    return {
      architecture: "gemma2",
      ...parseGemma(checked, file, (layer) => layer % 2 === 0),
      ...(typeof scoreSoftCap === "number" && { scoreSoftCap }),
    };
  },
  fields: formatGemma,
  modules: (config) => familyModules(config, gemmaTraits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, gemmaTraits(config)),
};

/** The language model of Gemma 3. */
export const gemma3: Architecture<Gemma3Config> = {
  className: "Gemma3ForCausalLM",
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema3, file);
    const { rope_parameters: kinds, sliding_window_pattern: pattern } = checked;
    const full = { ...checked, rope_parameters: kinds?.full_attention };
    const windowed = {
      max_position_embeddings: checked.max_position_embeddings,
      rope_parameters: kinds?.sliding_attention,
    };
    return {
      architecture: "gemma3_text",
      ...parseGemma(full, file, (layer) => (layer + 1) % pattern !== 0, 1000000),
      windowedRotary: parseRope(windowed, file, checked.rope_local_base_freq).rotary,
    };
  },
  fields: (config) => ({
    ...formatGemma(config),
    rope_parameters: {
      full_attention: ropeParameters(config),
      sliding_attention: ropeParameters(config.windowedRotary),
    },
    rope_local_base_freq: config.windowedRotary.ropeTheta,
  }),
  modules: (config) => familyModules(config, gemma3Traits(config)),
  decode: (config, network, tokens, attention) =>
    decodeFamily(config, network, tokens, attention, gemma3Traits(config)),
};
