import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { GraniteConfig } from "../config.js";
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

const className = "GraniteForCausalLM";

const multiplier = z.number().positive().default(1);

/** Omitted fields have the defaults of transformers' GraniteConfig. */
const schema = z.looseObject({
  ...commonFields("granite", className),
  ...familyFields,
  num_key_value_heads: size.nullish(),
  max_position_embeddings: size.default(2048),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  embedding_multiplier: multiplier,
  logits_scaling: multiplier,
  residual_multiplier: multiplier,
  attention_multiplier: multiplier,
});

const traits = (config: GraniteConfig): FamilyTraits => ({
  biases: { projections: config.attentionBias, output: config.attentionBias, feedForward: config.feedForwardBias },
  embeddingScale: config.embeddingMultiplier,
  residualScale: config.residualMultiplier,
  scoreScale: config.attentionMultiplier,
});

/** Granite 3, except its mixture-of-experts models. */
export const granite: Architecture<GraniteConfig> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    return {
      architecture: "granite",
      ...parseFamily(checked, file),
      attentionBias: checked.attention_bias,
      feedForwardBias: checked.mlp_bias,
      embeddingMultiplier: checked.embedding_multiplier,
      residualMultiplier: checked.residual_multiplier,
      attentionMultiplier: checked.attention_multiplier,
      logitDivisor: checked.logits_scaling,
    };
  },
  fields: (config) => ({
    ...formatFamily(config),
    attention_bias: config.attentionBias,
    mlp_bias: config.feedForwardBias,
    embedding_multiplier: config.embeddingMultiplier,
    residual_multiplier: config.residualMultiplier,
    attention_multiplier: config.attentionMultiplier,
    logits_scaling: config.logitDivisor ?? 1,
  }),
  modules: (config) => familyModules(config, traits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits(config)),
};
