import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { MixtralConfig } from "../config.js";
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

const className = "MixtralForCausalLM";

/** Omitted fields have the defaults of transformers' MixtralConfig. */
const schema = z.looseObject({
  ...commonFields("mixtral", className),
  ...familyFields,
  ...routingFields,
  num_key_value_heads: size.nullable().default(8),
  max_position_embeddings: size.default(131072),
  rms_norm_eps: z.number().positive().default(1e-5),
  sliding_window: size.nullish(),
  num_experts_per_tok: size.default(2),
  num_local_experts: size.default(8),
});

const names: ExpertNames = { block: "block_sparse_moe", gate: "w1", up: "w3", down: "w2" };

const traits = ({ experts, expertsPerToken, intermediateSize }: MixtralConfig): FamilyTraits => ({
  experts: () => ({ names, count: experts, perToken: expertsPerToken, width: intermediateSize, normalized: true }),
});

/** Mixtral 8x7B and similar models (Jiang et al. 2024, arXiv 2401.04088). */
export const mixtral: Architecture<MixtralConfig> = {
  className,
  ...familyNames,
  experts: names,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const { sliding_window: window, num_local_experts: experts, num_experts_per_tok: expertsPerToken } = checked;
    return {
      architecture: "mixtral",
      ...parseFamily(checked, file, { ropeTheta: 1000000 }),
      ...checkRouting({ experts, expertsPerToken }, file),
      ...(typeof window === "number" && { slidingWindow: window }),
    };
  },
  fields: (config) => ({
    ...formatFamily(config),
    num_experts_per_tok: config.expertsPerToken,
    num_local_experts: config.experts,
    sliding_window: config.slidingWindow ?? null,
  }),
  modules: (config) => familyModules(config, traits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits(config)),
};
