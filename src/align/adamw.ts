import { add, div, minimum, mul, sqrt, sub, sum, type Graph, type Value } from "../graph/index.js";

/** AdamW's settings (Loshchilov & Hutter 2019, arXiv 1711.05101). */
export interface AdamW {
  /** Decay of the running mean of gradients. Default 0.9. */
  readonly beta1: number;
  /** Decay of the running mean of squared gradients. Default 0.999. */
  readonly beta2: number;
  /** Added to the denominator. Default 1e-8. */
  readonly epsilon: number;
  /** Decoupled decay of matrices, per unit of learning rate; norms are not decayed. Default 0. */
  readonly weightDecay: number;
  /** Maximum global gradient norm; larger gradients are scaled down to it. Default 1. */
  readonly maxGradNorm: number;
}

export const defaultAdamW: AdamW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1 };

/** Returns the state names of a parameter's moments. */
export const momentNames = (parameter: string) => ({ mean: `adam.m/${parameter}`, square: `adam.v/${parameter}` });

/** Creates the inputs for a step's learning rate; see {@link stepSizes}. */
export function stepLeaves(graph: Graph) {
  return {
    learningRate: graph.input("learningRate", "float32", []),
    correction1: graph.input("correction1", "float32", []),
    correction2: graph.input("correction2", "float32", []),
  };
}

/** Returns the feeds of step `step` (from 1): the learning rate and the bias corrections of the moments. */
export function stepSizes({ beta1, beta2 }: AdamW, learningRate: number, step: number) {
  return {
    learningRate: Float32Array.of(learningRate),
    correction1: Float32Array.of(1 - beta1 ** step),
    correction2: Float32Array.of(Math.sqrt(1 - beta2 ** step)),
  };
}

/** Computes √Σ g² over all gradients, a scalar. */
export function globalNorm(gradients: readonly Value[]): Value {
  return sqrt(gradients.map((gradient) => sum(mul(gradient, gradient))).reduce((a, b) => add(a, b)));
}

/**
 * Builds an AdamW step as graph values, with the gradients clipped by their global norm (Pascanu et al. 2013). Every
 * new value depends on every gradient through that norm, so overwriting the old values in place is safe.
 *
 * @param parameters state leaves
 * @param gradients of the loss, in the same order
 * @returns the new values of parameters and moments by state name, and the norm before clipping
 */
export function adamWStep(
  settings: AdamW,
  parameters: readonly Value<"state">[],
  gradients: readonly Value[],
): { updates: Map<string, Value>; gradNorm: Value } {
  const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = settings;
  const graph = parameters[0]!.graph;
  const { learningRate, correction1, correction2 } = stepLeaves(graph);
  const gradNorm = globalNorm(gradients);
  // 1e-6 as in torch.nn.utils.clip_grad_norm_.
  const clip = minimum(div(graph.constant(maxGradNorm), add(gradNorm, 1e-6)), 1);
  const rate = div(learningRate, correction1);
  const keep = sub(graph.constant(1), mul(learningRate, weightDecay));

  const updates = new Map<string, Value>();
  parameters.forEach((parameter, i) => {
    const { name } = parameter.attributes;
    const names = momentNames(name);
    const gradient = mul(gradients[i]!, clip);
    const mean = graph.state(names.mean, "float32", parameter.shape);
    const square = graph.state(names.square, "float32", parameter.shape);
    const newMean = add(mul(mean, beta1), mul(gradient, 1 - beta1));
    const newSquare = add(mul(square, beta2), mul(mul(gradient, gradient), 1 - beta2));
    const step = div(mul(newMean, rate), add(div(sqrt(newSquare), correction2), epsilon));
    const decayed = weightDecay === 0 || parameter.shape.length === 1 ? parameter : mul(parameter, keep);
    updates.set(name, sub(decayed, step));
    updates.set(names.mean, newMean);
    updates.set(names.square, newSquare);
  });
  return { updates, gradNorm };
}
