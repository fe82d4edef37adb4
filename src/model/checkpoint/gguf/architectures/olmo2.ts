import { inputError } from "../../../../base/errors.js";
import type { GgufArchitecture } from "./architecture.js";
import { familyConfig, familyModules, queryKeyNorms } from "./llama-family.js";

const { "blk.#.attn_norm": _attention, "blk.#.ffn_norm": _feedForward, ...withoutNorms } = familyModules;

/** OLMo 2; OLMo 3 has the same name in GGUF, but also uses sliding windows. */
export const olmo2: GgufArchitecture = {
  modelType: "olmo2",
  modules: {
    ...withoutNorms,
    ...queryKeyNorms,
    "blk.#.post_attention_norm": "model.layers.#.post_attention_layernorm",
    "blk.#.post_ffw_norm": "model.layers.#.post_feedforward_layernorm",
  },
  config(model) {
    const window = model.findNumber("attention.sliding_window") ?? 0;
    if (window > 0)
      throw inputError(
        { file: model.metadata.path },
        `${model.key("attention.sliding_window")} = ${window}`,
        "none, as in OLMo 2",
      );
    return { ...familyConfig(model), attention_bias: model.has("blk.0.attn_q.bias") };
  },
};
