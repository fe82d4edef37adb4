import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { Olmo2Config } from "../config.js";
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

const className = "Olmo2ForCausalLM";

/** Omitted fields have the defaults of transformers' Olmo2Config. */
const schema = z.looseObject({
  ...commonFields("olmo2", className),
  ...familyFields,
  num_key_value_heads: size.nullish(),
  max_position_embeddings: size.default(2048),
  rms_norm_eps: z.number().positive().default(1e-5),
  attention_bias: z.boolean().default(false),
});

const traits = ({ attentionBias }: Olmo2Config): FamilyTraits => ({
  biases: { projections: attentionBias, output: attentionBias },
  norms: { afterAttention: "post_attention_layernorm", afterFeedForward: "post_feedforward_layernorm" },
  queryKeyNorm: "all-heads",
});

/** OLMo 2 (OLMo team 2024, arXiv 2501.00656). */
export const olmo2: Architecture<Olmo2Config> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    return { architecture: "olmo2", ...parseFamily(checked, file), attentionBias: checked.attention_bias };
  },
  fields: (config) => ({ ...formatFamily(config), attention_bias: config.attentionBias }),
  modules: (config) => familyModules(config, traits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits(config)),
};
