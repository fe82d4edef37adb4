import type { Value } from "../../graph/index.js";

/** A model's parameters in a graph. Every linear layer is computed here, whatever the architecture. */
export interface Network {
  /** A parameter by its Hugging Face name, for what is no linear layer. */
  weight(name: string): Value;
  /**
   * A linear layer by its module's name (`model.layers.0.self_attn.q_proj`).
   *
   * @param x [rows, inputs]
   * @returns [rows, outputs]
   */
  linear(x: Value, name: string): Value;
}
