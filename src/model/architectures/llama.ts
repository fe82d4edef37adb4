import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { LlamaConfig } from "../config.js";
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

const className = "LlamaForCausalLM";

/** Omitted fields have the defaults of transformers' LlamaConfig. */
const schema = z.looseObject({
  ...commonFields("llama", className),
  ...familyFields,
  num_key_value_heads: size.nullish(),
  max_position_embeddings: size.default(2048),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

const traits = ({ attentionBias = false, feedForwardBias = false }: LlamaConfig): FamilyTraits => ({
  biases: { projections: attentionBias, output: attentionBias, feedForward: feedForwardBias },
});

/** Llama 1 to 3, TinyLlama, SmolLM and similar models. */
export const llama: Architecture<LlamaConfig> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    return {
      architecture: "llama",
      ...parseFamily(checked, file),
      ...(checked.attention_bias && { attentionBias: true }),
      ...(checked.mlp_bias && { feedForwardBias: true }),
    };
  },
  fields: (config) => ({
    attention_bias: config.attentionBias ?? false,
    mlp_bias: config.feedForwardBias ?? false,
    ...formatFamily(config),
  }),
  modules: (config) => familyModules(config, traits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits(config)),
};
