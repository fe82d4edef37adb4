import type { Value } from "../../graph/index.js";

/** A model's parameters in a graph. Every linear layer and embedding is computed here, whatever the architecture. */
export interface Network {
  /** A parameter by its Hugging Face name, for what is no linear layer and no embedding. */
  weight(name: string): Value;
  /**
   * Rows of an embedding by its module's name.
   *
   * @param ids of tokens or positions, [batch, length]
   * @returns [batch·length, size]
   */
  embed(ids: Value, name: string): Value;
  /**
   * An embedding as a linear layer, which a tied head is.
   *
   * @param x [rows, size]
   * @returns [rows, rows of the embedding]
   */
  unembed(x: Value, name: string): Value;
  /**
   * A linear layer by its module's name (`model.layers.0.self_attn.q_proj`).
   *
   * @param x [rows, inputs]
   * @returns [rows, outputs]
   */
  linear(x: Value, name: string): Value;
}
