import type { Random } from "../base/random.js";
import { mul, reshape, type Value } from "../graph/index.js";
import { sizeOf, tensor, type Shape, type Tensor } from "../graph/tensor.js";
import type { ModelConfig } from "../model/config.js";
import type { Parameters } from "../model/parameters/parameters.js";
import type { TokenSequence } from "../model/scoring/batch.js";
import { sumByResponse } from "../model/scoring/log-probs.js";
import { tokenColumn, type Head, type ObjectiveBatch } from "./objective.js";

/** The head-related part of an objective. */
export interface WithHead {
  readonly head?: Head;
}

const prefix = "head.";

/** Returns the name of a head's parameter in the optimizer's state. */
export const headName = (parameter: string) => `${prefix}${parameter}`;

/** Returns the shapes of the parameters of an objective's head, by state name; empty without a head. */
export function headShapes({ head }: WithHead, { hiddenSize }: ModelConfig): ReadonlyMap<string, Shape> {
  return new Map(Object.entries(head?.shapes(hiddenSize) ?? {}).map(([name, shape]) => [headName(name), shape]));
}

/** Initialises a parameter of a head. */
export function initialHead(name: string, shape: Shape, { initializerRange }: ModelConfig, random: Random): Tensor {
  const data = new Float32Array(sizeOf(shape));
  if (shape.length < 2) return tensor(shape, data);
  const draws = random.fork(name);
  return tensor(
    shape,
    data.map(() => initializerRange * draws.normal()),
  );
}

/** Extracts a head's parameters from a state, under their own names. */
export function headParameters(state: ReadonlyMap<string, Tensor>): Parameters {
  const own = [...(state as Parameters)].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, values]) => [name.slice(prefix.length), values]));
}

/** Returns the parameters without those of a head. */
export function withoutHead(parameters: Parameters): Parameters {
  return new Map([...parameters].filter(([name]) => !name.startsWith(prefix)));
}

/**
 * Computes the mean hidden state of each response, [responses, hidden], 0 for an empty one; fed by
 * {@link responseMeanFeed}.
 */
export function meanHidden(batch: ObjectiveBatch): Value {
  const hidden = batch.hidden();
  const share = hidden.graph.input("responseMean", "float32", batch.tokenLogProbs.shape);
  return sumByResponse(mul(hidden, reshape(share, [-1, 1])), batch);
}

/** Returns the feed of {@link meanHidden} for the sequences of a batch. */
export function responseMeanFeed(
  sequences: readonly TokenSequence[],
  tokens: number,
): { readonly responseMean: Float32Array } {
  const shares = sequences.map(({ response }) => new Float32Array(response.length).fill(1 / response.length));
  return { responseMean: tokenColumn(shares, tokens) };
}
