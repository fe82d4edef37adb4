import type { GgufArchitecture } from "./architecture.js";
import { familyConfig, familyModules, queryKeyNorms } from "./llama-family.js";

/** Qwen3, except its mixture-of-experts models. */
export const qwen3: GgufArchitecture = {
  modelType: "qwen3",
  modules: { ...familyModules, ...queryKeyNorms },
  config: (model) => ({
    ...familyConfig(model),
    attention_bias: model.has("blk.0.attn_q.bias"),
    use_sliding_window: false,
  }),
};
