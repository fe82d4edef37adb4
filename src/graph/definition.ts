import type { Attributes, OpName } from "./attributes.js";
import type { Inferred, Value } from "./value.js";

/** What the graph knows of an op: its shape rule and its gradient. How it is computed is the engines' business. */
export interface OpDefinition<K extends OpName> {
  /** Type and shape of the result; throws where the inputs do not fit. */
  infer(inputs: readonly Value[], attributes: Attributes[K]): Inferred;
  /**
   * The gradient with respect to each input, given `dy`, the one with respect to the result.
   * `undefined` where none flows (indices, conditions).
   */
  gradient(y: Value<K>, dy: Value): readonly (Value | undefined)[];
}
