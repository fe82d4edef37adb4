import type { GgufArchitecture } from "./architecture.js";
import { expertModules, familyConfig, familyModules } from "./llama-family.js";
import { llama } from "./llama.js";

/** Mixtral, which files call Llama; its experts tell it apart. */
export const mixtral: GgufArchitecture = {
  ...llama,
  modelType: "mixtral",
  modules: { ...familyModules, ...expertModules },
  config: (model) => ({
    ...familyConfig(model),
    num_experts_per_tok: model.size("expert_used_count"),
    num_local_experts: model.size("expert_count"),
  }),
};
