import type { GgufArchitecture } from "./architecture.js";
import { transposed } from "./restore.js";

/** GPT-2, whose linear layers are [in, out] in Hugging Face's layout. */
export const gpt2: GgufArchitecture = {
  modelType: "gpt2",
  modules: {
    token_embd: "transformer.wte",
    position_embd: "transformer.wpe",
    output_norm: "transformer.ln_f",
    output: "lm_head",
    "blk.#.attn_norm": "transformer.h.#.ln_1",
    "blk.#.attn_qkv": "transformer.h.#.attn.c_attn",
    "blk.#.attn_output": "transformer.h.#.attn.c_proj",
    "blk.#.ffn_norm": "transformer.h.#.ln_2",
    "blk.#.ffn_up": "transformer.h.#.mlp.c_fc",
    "blk.#.ffn_down": "transformer.h.#.mlp.c_proj",
  },
  config: (model) => ({
    activation_function: "gelu_new",
    layer_norm_epsilon: model.number("attention.layer_norm_epsilon"),
    n_embd: model.size("embedding_length"),
    n_head: model.heads,
    n_inner: model.size("feed_forward_length"),
    n_layer: model.size("block_count"),
    n_positions: model.size("context_length"),
  }),
  restore: () => ({
    "blk.#.attn_qkv": transposed,
    "blk.#.attn_output": transposed,
    "blk.#.ffn_up": transposed,
    "blk.#.ffn_down": transposed,
  }),
};
