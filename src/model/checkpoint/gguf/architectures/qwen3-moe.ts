import type { GgufArchitecture } from "./architecture.js";
import { expertModules, familyModules, queryKeyNorms } from "./llama-family.js";
import { qwen3 } from "./qwen3.js";

/** Qwen3's mixtures of experts. */
export const qwen3Moe: GgufArchitecture = {
  modelType: "qwen3_moe",
  modules: { ...familyModules, ...queryKeyNorms, ...expertModules },
  config(model) {
    const layers = Array.from({ length: model.size("block_count") }, (_, layer) => layer);
    return {
      ...qwen3.config(model),
      mlp_only_layers: layers.filter((layer) => !model.has(`blk.${layer}.ffn_gate_inp.weight`)),
      moe_intermediate_size: model.size("expert_feed_forward_length"),
      // Not in the file; llama.cpp assumes it for all models.
      norm_topk_prob: true,
      num_experts_per_tok: model.size("expert_used_count"),
      num_local_experts: model.size("expert_count"),
    };
  },
};
