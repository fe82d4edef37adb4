import type { GgufArchitecture } from "./architecture.js";
import { familyConfig, familyModules } from "./llama-family.js";
import { longRopeFactors } from "./rotary.js";

const {
  "blk.#.attn_q": _query,
  "blk.#.attn_k": _key,
  "blk.#.attn_v": _value,
  "blk.#.ffn_gate": _gate,
  "blk.#.ffn_up": _up,
  ...unfused
} = familyModules;

/** Phi-3 and Phi-4, except their mixture-of-experts models. */
export const phi3: GgufArchitecture = {
  modelType: "phi3",
  modules: {
    ...unfused,
    "blk.#.attn_qkv": "model.layers.#.self_attn.qkv_proj",
    "blk.#.ffn_up": "model.layers.#.mlp.gate_up_proj",
  },
  constants: [longRopeFactors.short, longRopeFactors.long],
  config(model) {
    // 0 means no window.
    const window = model.findNumber("attention.sliding_window") ?? 0;
    return {
      ...familyConfig(model),
      original_max_position_embeddings:
        model.findSize("rope.scaling.original_context_length") ?? model.size("context_length"),
      sliding_window: window > 0 ? window : null,
    };
  },
};
