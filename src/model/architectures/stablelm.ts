import { z } from "zod";
import { checkJson } from "../../base/read-json.js";
import type { StableLmConfig } from "../config.js";
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
import { layerNormModule } from "./modules.js";
import { layerNorm } from "./parts/norm.js";

const className = "StableLmForCausalLM";

/** Omitted fields have the defaults of transformers' StableLmConfig. */
const schema = z.looseObject({
  ...commonFields("stablelm", className),
  ...familyFields,
  num_key_value_heads: size.default(32),
  max_position_embeddings: size.default(4096),
  // headSize is always hiddenSize / heads.
  head_dim: z.null().optional(),
  layer_norm_eps: z.number().positive().default(1e-5),
  use_qkv_bias: z.boolean().default(false),
  qk_layernorm: z.literal(false).default(false),
  use_parallel_residual: z.boolean().default(false),
});

const traits = ({ projectionBias, parallelResidual }: StableLmConfig): FamilyTraits => ({
  biases: { projections: projectionBias },
  norm: { module: layerNormModule, apply: layerNorm },
  ...(parallelResidual && {
    parallel: true,
    norms: { beforeAttention: "input_layernorm", beforeFeedForward: "input_layernorm" },
  }),
});

/** StableLM and StableLM 2, except the 12B model, whose heads are normalised (Bellagente et al. 2024, arXiv 2402.17834). */
export const stableLm: Architecture<StableLmConfig> = {
  className,
  ...familyNames,
  parse(fields, file) {
    const checked = checkJson(fields, schema, file);
    const { rotaryFactor = 0.25, ...family } = parseFamily(checked, file, {
      normEpsilon: checked.layer_norm_eps,
      rotaryFactor: 0.25,
    });
    return {
      architecture: "stablelm",
      ...family,
      rotaryFactor,
      projectionBias: checked.use_qkv_bias,
      parallelResidual: checked.use_parallel_residual,
    };
  },
  fields(config) {
    const { head_dim, rms_norm_eps, ...fields } = formatFamily(config);
    return {
      ...fields,
      layer_norm_eps: rms_norm_eps,
      qk_layernorm: false,
      use_parallel_residual: config.parallelResidual,
      use_qkv_bias: config.projectionBias,
    };
  },
  modules: (config) => familyModules(config, traits(config)),
  decode: (config, network, tokens, attention) => decodeFamily(config, network, tokens, attention, traits(config)),
};
