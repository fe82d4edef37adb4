import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { Qwen3MoeConfig } from "../config.js";
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
import type { ExpertNames } from "./parts/experts.js";
import { checkRouting, routingFields } from "./parts/routing-fields.js";

const className = "Qwen3MoeForCausalLM";

/** Omitted fields have the defaults of transformers' Qwen3MoeConfig. */
const schema = z.looseObject({
  ...commonFields("qwen3_moe", className),
  ...familyFields,
  ...routingFields,
  num_key_value_heads: size.nullable().default(4),
  max_position_embeddings: size.default(32768),
  attention_bias: z.boolean().default(false),
  use_sliding_window: z.literal(false).default(false),
  layer_types: z.array(z.literal("full_attention")).nullish(),
  moe_intermediate_size: size.default(768),
  num_experts_per_tok: size.default(8),
  // transformers 5 and 4 use different names.
  num_local_experts: size.optional(),
  num_experts: size.optional(),
  norm_topk_prob: z.boolean().default(false),
  decoder_sparse_step: size.default(1),
  mlp_only_layers: z.array(z.int().nonnegative()).nullish(),
});

const names: ExpertNames = { block: "mlp", gate: "gate_proj", up: "up_proj", down: "down_proj" };

const traits = (config: Qwen3MoeConfig): FamilyTraits => {
  const { experts: count, expertsPerToken: perToken, expertSize: width, normalizedRouting: normalized } = config;
  return {
    biases: { projections: config.attentionBias, output: config.attentionBias },
    queryKeyNorm: "each-head",
    experts: (layer) => (config.routedLayers[layer] ? { names, count, perToken, width, normalized } : undefined),
  };
};

/** Qwen3's mixtures of experts, such as 30B-A3B (Yang et al. 2025, arXiv 2505.09388). */
export const qwen3Moe: Architecture<Qwen3MoeConfig> = {
  className,
  ...familyNames,
  experts: names,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const family = parseFamily(checked, file);
    const { mlp_only_layers: dense, decoder_sparse_step: step } = checked;
    const experts = checked.num_local_experts ?? checked.num_experts ?? 128;
    return {
      architecture: "qwen3_moe",
      ...family,
      attentionBias: checked.attention_bias,
      ...checkRouting({ experts, expertsPerToken: checked.num_experts_per_tok }, file),
      expertSize: checked.moe_intermediate_size,
      normalizedRouting: checked.norm_topk_prob,
      routedLayers: Array.from(
        { length: family.layers },
        (_, layer) => !dense?.includes(layer) && (layer + 1) % step === 0,
      ),
    };
  },
  fields: (config) => ({
    ...formatFamily(config),
    attention_bias: config.attentionBias,
    decoder_sparse_step: 1,
    mlp_only_layers: config.routedLayers.flatMap((routed, layer) => (routed ? [] : [layer])),
    moe_intermediate_size: config.expertSize,
    norm_topk_prob: config.normalizedRouting,
    num_experts: config.experts,
    num_experts_per_tok: config.expertsPerToken,
    num_local_experts: config.experts,
    use_sliding_window: false,
  }),
  modules: (config) => familyModules(config, traits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits(config)),
};
