import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { Qwen3Config } from "../config.js";
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

const className = "Qwen3ForCausalLM";

/** Omitted fields have the defaults of transformers' Qwen3Config. `sliding_window` has an effect only if it is used. */
const schema = z.looseObject({
  ...commonFields("qwen3", className),
  ...familyFields,
  num_key_value_heads: size.nullable().default(32),
  head_dim: size.default(128),
  max_position_embeddings: size.default(32768),
  attention_bias: z.boolean().default(false),
  use_sliding_window: z.literal(false).default(false),
  layer_types: z.array(z.literal("full_attention")).nullish(),
});

const traits = ({ attentionBias }: Qwen3Config): FamilyTraits => ({
  biases: { projections: attentionBias, output: attentionBias },
  queryKeyNorm: "each-head",
});

/** Qwen3, except its mixture-of-experts models (Yang et al. 2025, arXiv 2505.09388). */
export const qwen3: Architecture<Qwen3Config> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    return { architecture: "qwen3", ...parseFamily(checked, file), attentionBias: checked.attention_bias };
  },
  fields: (config) => ({ ...formatFamily(config), attention_bias: config.attentionBias, use_sliding_window: false }),
  modules: (config) => familyModules(config, traits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits(config)),
};
