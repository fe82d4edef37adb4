import { architectureOf } from "../architectures/index.js";
import type { ModelConfig } from "../config.js";
import { linearLayers } from "../parameters/parameters.js";
import type { BatchShape } from "./log-probs.js";

/** The cost of a batch of some rows of some length; only its ratio to others means anything. */
export type BatchCost = (shape: Pick<BatchShape, "rows" | "length">) => number;

/**
 * What a score of attention costs beside its two products, as if heads were so much longer: the mask, the softmax and
 * their gradients pass over [heads, length, length] numbers. Steps of the presets on a CPU give 24 (tiny) to 70 (small).
 */
const scoreElements = 48;

/**
 * What a batch costs that depends on how its responses are laid out in rows, in floating-point operations of a forward
 * pass: the linear layers but the head at every token, and attention between all tokens of a row. Responses in one row save reading
 * their prompt again, but attention passes over what they may not see of each other too.
 */
export function batchCost(config: ModelConfig): BatchCost {
  const { layers, heads, headSize } = config;
  const { head } = architectureOf(config);
  const weights = linearLayers(config).reduce(
    (sum, { name, inputs, outputs }) => (name === head ? sum : sum + inputs * outputs),
    0,
  );
  const perToken = 2 * weights;
  const perScore = 4 * layers * heads * (headSize + scoreElements);
  return ({ rows, length }) => rows * length * (perToken + perScore * length);
}
