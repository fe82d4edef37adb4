import type { GgufArchitecture } from "./architecture.js";
import { familyConfig, familyModules } from "./llama-family.js";

/** StableLM and StableLM 2, except the 12B model, whose heads are normalised. */
export const stableLm: GgufArchitecture = {
  modelType: "stablelm",
  modules: familyModules,
  config: (model) => ({
    ...familyConfig(model, "layer_norm_eps", "attention.layer_norm_epsilon"),
    // Not a StableLM field: head_dim is always hidden_size / heads.
    head_dim: null,
    partial_rotary_factor: model.size("rope.dimension_count") / model.headSize,
    qk_layernorm: model.has("blk.0.attn_q_norm.weight"),
    use_parallel_residual: !model.has("blk.0.ffn_norm.weight"),
    use_qkv_bias: model.has("blk.0.attn_q.bias"),
  }),
};
