import type { GgufArchitecture } from "./architecture.js";
import { familyConfig, familyModules } from "./llama-family.js";

/** Qwen 1.5, 2 and 2.5. */
export const qwen2: GgufArchitecture = {
  modelType: "qwen2",
  modules: familyModules,
  config: (model) => ({ ...familyConfig(model), use_sliding_window: false }),
};
