import { architectureOf } from "../architectures/index.js";
import type { ModelConfig } from "../config.js";
import { linearLayers } from "../parameters/parameters.js";
import type { BatchShape } from "./log-probs.js";

/** The relative cost of a batch, given its number of rows and their length; only ratios are meaningful. */
export type BatchCost = (shape: Pick<BatchShape, "rows" | "length">) => number;

/**
 * Extra cost of an attention score besides its two products, expressed as additional head elements: the mask, the
 * softmax and their gradients pass over [heads, length, length] numbers. Training steps of the presets on a CPU give 24
 * (tiny) to 70 (small).
 */
const scoreElements = 48;

/**
 * The part of a batch's cost that depends on how its responses are laid out in rows, in floating-point operations of a
 * forward pass: all linear layers except the head at every token, and attention between all tokens of a row. Putting
 * responses in one row saves reading their prompt again, but attention then also covers tokens that are masked out
 * between responses.
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
