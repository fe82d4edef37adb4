import type { GgufArchitecture } from "./architecture.js";
import { familyConfig } from "./llama-family.js";
import { llama } from "./llama.js";

/** SmolLM3, whose queries and keys are in another order of rows, as Llama's are. */
export const smolLm3: GgufArchitecture = {
  ...llama,
  modelType: "smollm3",
  config: (model) => ({
    ...familyConfig(model),
    attention_bias: model.has("blk.0.attn_q.bias"),
    mlp_bias: model.has("blk.0.ffn_up.bias"),
    // Which layers have no positions is not in the file; llama.cpp takes this for all.
    no_rope_layer_interval: 4,
    use_sliding_window: false,
  }),
};
