import type { GgufArchitecture } from "./architecture.js";
import { familyConfig, familyModules } from "./llama-family.js";
import { interleavedHeads } from "./restore.js";
import { ropeFactors } from "./rotary.js";

/** Llama and models converted as Llama, such as Mistral and SmolLM. The rows of its queries and keys are reordered. */
export const llama: GgufArchitecture = {
  modelType: "llama",
  modules: familyModules,
  constants: [ropeFactors],
  config(model) {
    const bias = (module: string) => model.has(`blk.0.${module}.bias`);
    return { ...familyConfig(model), attention_bias: bias("attn_q"), mlp_bias: bias("ffn_up") };
  },
  restore: (model) => ({
    "blk.#.attn_q": interleavedHeads(model.heads),
    "blk.#.attn_k": interleavedHeads(model.kvHeads),
  }),
};
