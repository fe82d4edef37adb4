import type { GgufArchitecture } from "./architecture.js";
import { familyConfig, familyModules } from "./llama-family.js";

/** StableLM and StableLM 2, but for the 12B one, whose heads have norms. */
export const stableLm: GgufArchitecture = {
  modelType: "stablelm",
  modules: familyModules,
  config: (model) => ({
    ...familyConfig(model, "layer_norm_eps", "attention.layer_norm_epsilon"),
    // Not a field of this one: its heads are always as wide as the model together.
    head_dim: null,
    partial_rotary_factor: model.size("rope.dimension_count") / model.headSize,
    qk_layernorm: model.has("blk.0.attn_q_norm.weight"),
    use_parallel_residual: !model.has("blk.0.ffn_norm.weight"),
    use_qkv_bias: model.has("blk.0.attn_q.bias"),
  }),
};
