import { z } from "zod";
import { kinds } from "../metadata.js";
import type { GgufArchitecture, ModelMetadata, Restore } from "./architecture.js";
import { familyConfig, familyModules, queryKeyNorms } from "./llama-family.js";
import { lessOne } from "./restore.js";

/* Gemma 2 and the language model of Gemma 3. The file stores the norms' scales; Hugging Face's layout stores them minus 1. */

const { "blk.#.ffn_norm": _beforeFeedForward, ...otherModules } = familyModules;

const modules = {
  ...otherModules,
  "blk.#.post_attention_norm": "model.layers.#.post_attention_layernorm",
  "blk.#.ffn_norm": "model.layers.#.pre_feedforward_layernorm",
  "blk.#.post_ffw_norm": "model.layers.#.post_feedforward_layernorm",
} as const;

const norms = ["output_norm", "blk.#.attn_norm", "blk.#.post_attention_norm", "blk.#.ffn_norm", "blk.#.post_ffw_norm"];

const restoreNorms = (names: readonly string[]): Record<string, Restore> =>
  Object.fromEntries(names.map((name) => [name, lessOne]));

/** The period of layers without a window, or whether each layer has one. */
const windowPattern = z.union([kinds.size, z.array(z.boolean())], {
  error: "expected a number of layers, or a flag for each layer",
});

/**
 * The fields that Gemma 2 and 3 share. The scale of the attention scores is not in the file: as in llama.cpp it follows from the
 * head size, except for the 27B model, recognised by its number of layers.
 *
 * @param period of layers without a window, if the file does not give it
 */
function gemmaConfig(model: ModelMetadata, period: number, layersOf27B: number): Record<string, unknown> {
  const { hidden_act: _, ...family } = familyConfig(model);
  const layers = model.size("block_count");
  const window = model.findSize("attention.sliding_window");
  const pattern = model.metadata.find(model.key("attention.sliding_window_pattern"), windowPattern) ?? period;
  const windowed = (layer: number) =>
    window !== undefined && (typeof pattern === "number" ? (layer + 1) % pattern !== 0 : pattern[layer] === true);
  return {
    ...family,
    attention_bias: model.has("blk.0.attn_q.bias"),
    final_logit_softcapping: model.findNumber("final_logit_softcapping") ?? null,
    layer_types: Array.from({ length: layers }, (_, layer) =>
      windowed(layer) ? "sliding_attention" : "full_attention",
    ),
    query_pre_attn_scalar:
      layers === layersOf27B ? Math.floor(model.size("embedding_length") / model.heads) : model.headSize,
    ...(window !== undefined && { sliding_window: window }),
  };
}

/** Gemma 2. */
export const gemma2: GgufArchitecture = {
  modelType: "gemma2",
  modules,
  config: (model) => ({
    ...gemmaConfig(model, 2, 46),
    attn_logit_softcapping: model.findNumber("attn_logit_softcapping") ?? null,
  }),
  restore: () => restoreNorms(norms),
};

/** The language model of Gemma 3; its vision encoder is a separate file. */
export const gemma3: GgufArchitecture = {
  modelType: "gemma3_text",
  modules: { ...modules, ...queryKeyNorms },
  config(model) {
    const { rope_parameters: whole, ...config } = gemmaConfig(model, 6, 62);
    const windowed = { rope_type: "default", rope_theta: model.findNumber("rope.freq_base_swa") ?? 10000 };
    return { ...config, rope_parameters: { full_attention: whole, sliding_attention: windowed } };
  },
  restore: () => restoreNorms([...norms, ...Object.keys(queryKeyNorms)]),
};
