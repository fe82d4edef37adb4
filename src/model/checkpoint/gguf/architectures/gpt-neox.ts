import type { GgufArchitecture } from "./architecture.js";
import { fusedByHead } from "./restore.js";
import { ropeFields } from "./rotary.js";

/** GPT-NeoX and Pythia. */
export const gptNeoX: GgufArchitecture = {
  modelType: "gpt_neox",
  modules: {
    token_embd: "gpt_neox.embed_in",
    output_norm: "gpt_neox.final_layer_norm",
    output: "embed_out",
    "blk.#.attn_norm": "gpt_neox.layers.#.input_layernorm",
    "blk.#.attn_qkv": "gpt_neox.layers.#.attention.query_key_value",
    "blk.#.attn_output": "gpt_neox.layers.#.attention.dense",
    "blk.#.ffn_norm": "gpt_neox.layers.#.post_attention_layernorm",
    "blk.#.ffn_up": "gpt_neox.layers.#.mlp.dense_h_to_4h",
    "blk.#.ffn_down": "gpt_neox.layers.#.mlp.dense_4h_to_h",
  },
  config: (model) => ({
    attention_bias: model.has("blk.0.attn_qkv.bias"),
    // Not in the file; all models of this kind use it except the 20B one, which uses its approximation.
    hidden_act: "gelu",
    hidden_size: model.size("embedding_length"),
    intermediate_size: model.size("feed_forward_length"),
    layer_norm_eps: model.number("attention.layer_norm_epsilon"),
    max_position_embeddings: model.size("context_length"),
    num_attention_heads: model.heads,
    num_hidden_layers: model.size("block_count"),
    rotary_pct: 1,
    use_parallel_residual: model.findFlag("use_parallel_residual") ?? true,
    ...ropeFields(model),
  }),
  restore: (model) => ({ "blk.#.attn_qkv": fusedByHead(model.heads) }),
};
