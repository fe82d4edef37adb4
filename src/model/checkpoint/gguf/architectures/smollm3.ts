import type { GgufArchitecture } from "./architecture.js";
import { familyConfig } from "./llama-family.js";
import { llama } from "./llama.js";

/** SmolLM3; the rows of its queries and keys are reordered, like Llama's. */
export const smolLm3: GgufArchitecture = {
  ...llama,
  modelType: "smollm3",
  config: (model) => ({
    ...familyConfig(model),
    attention_bias: model.has("blk.0.attn_q.bias"),
    mlp_bias: model.has("blk.0.ffn_up.bias"),
    // The file does not say which layers have no rotary positions; llama.cpp assumes this value for all models.
    no_rope_layer_interval: 4,
    use_sliding_window: false,
  }),
};
