import type { ModelMetadata } from "./architecture.js";
import { ropeFields } from "./rotary.js";

/* Modules and fields shared by models with Llama's decoder. */

export const familyModules = {
  token_embd: "model.embed_tokens",
  output_norm: "model.norm",
  output: "lm_head",
  "blk.#.attn_norm": "model.layers.#.input_layernorm",
  "blk.#.attn_q": "model.layers.#.self_attn.q_proj",
  "blk.#.attn_k": "model.layers.#.self_attn.k_proj",
  "blk.#.attn_v": "model.layers.#.self_attn.v_proj",
  "blk.#.attn_output": "model.layers.#.self_attn.o_proj",
  "blk.#.ffn_norm": "model.layers.#.post_attention_layernorm",
  "blk.#.ffn_gate": "model.layers.#.mlp.gate_proj",
  "blk.#.ffn_up": "model.layers.#.mlp.up_proj",
  "blk.#.ffn_down": "model.layers.#.mlp.down_proj",
} as const;

/** Norms of queries and keys, for models that have them. */
export const queryKeyNorms = {
  "blk.#.attn_q_norm": "model.layers.#.self_attn.q_norm",
  "blk.#.attn_k_norm": "model.layers.#.self_attn.k_norm",
} as const;

/** For models with experts: the router, and all experts of a layer in one tensor, as transformers 5 has them in memory. */
export const expertModules = {
  "blk.#.ffn_gate_inp": "model.layers.#.mlp.gate",
  "blk.#.ffn_gate_exps": "model.layers.#.mlp.experts.gate_proj",
  "blk.#.ffn_up_exps": "model.layers.#.mlp.experts.up_proj",
  "blk.#.ffn_down_exps": "model.layers.#.mlp.experts.down_proj",
} as const;

/**
 * The fields of config.json that the family shares.
 *
 * @param epsilon the field of the norms' ε
 * @param epsilonKey its key in the metadata
 */
export function familyConfig(
  model: ModelMetadata,
  epsilon = "rms_norm_eps",
  epsilonKey = "attention.layer_norm_rms_epsilon",
): Record<string, unknown> {
  return {
    head_dim: model.headSize,
    hidden_act: "silu",
    hidden_size: model.size("embedding_length"),
    intermediate_size: model.size("feed_forward_length"),
    max_position_embeddings: model.size("context_length"),
    num_attention_heads: model.heads,
    num_hidden_layers: model.size("block_count"),
    num_key_value_heads: model.kvHeads,
    [epsilon]: model.number(epsilonKey),
    ...ropeFields(model),
  };
}
