import type { Attributes, OpName } from "./attributes.js";
import type { Inferred, Value } from "./value.js";

/** An op's shape rule and gradient. Engines define how it is computed. */
export interface OpDefinition<K extends OpName> {
  /** Type and shape of the result; throws if the inputs do not fit. */
  infer(inputs: readonly Value[], attributes: Attributes[K]): Inferred;
  /**
   * The gradient with respect to each input, given `dy`, the gradient with respect to the result. `undefined` for inputs without
   * a gradient (indices, conditions).
   */
  gradient(y: Value<K>, dy: Value): readonly (Value | undefined)[];
}
