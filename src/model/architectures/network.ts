import type { Value } from "../../graph/index.js";

/** A model's parameters in a graph. Computes every linear layer and embedding, whatever the architecture. */
export interface Network {
  /** A parameter by its Hugging Face name, for parameters outside linear layers and embeddings. */
  weight(name: string): Value;
  /**
   * Rows of an embedding by its module's name.
   *
   * @param ids of tokens or positions, [batch, length]
   * @returns [batch·length, size]
   */
  embed(ids: Value, name: string): Value;
  /**
   * Applies an embedding as a linear layer, for a tied head.
   *
   * @param x [rows, size]
   * @returns [rows, rows of the embedding]
   */
  unembed(x: Value, name: string): Value;
  /**
   * Applies a linear layer by its module's name (`model.layers.0.self_attn.q_proj`).
   *
   * @param x [rows, inputs]
   * @returns [rows, outputs]
   */
  linear(x: Value, name: string): Value;
}
