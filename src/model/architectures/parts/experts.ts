import { add, less, mul, reshape, slice, softmax, sum, where, type Value } from "../../../graph/index.js";
import type { Shape } from "../../../graph/tensor.js";
import { linear, type Module } from "../modules.js";
import type { Network } from "../network.js";
import { gatedFeedForward } from "./feed-forward.js";

/** Names of the module that contains a layer's experts, and of an expert's linear layers. */
export interface ExpertNames {
  /** The module of the experts and their router. */
  readonly block: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

/** A mixture of experts, each a SwiGLU feed-forward (Shazeer et al. 2017, arXiv 1701.06538). */
export interface Experts {
  readonly names: ExpertNames;
  readonly count: number;
  /** Experts that process each token. */
  readonly perToken: number;
  /** Width of each expert. */
  readonly width: number;
  /** Whether the probabilities of a token's experts are normalised to sum to 1. */
  readonly normalized: boolean;
}

const routerName = (layer: string, { block }: ExpertNames) => `${layer}.${block}.gate`;

/** Module of one linear layer of an expert. */
export const expertName = (layer: string, names: ExpertNames, expert: number, part: "gate" | "up" | "down") =>
  `${layer}.${names.block}.experts.${expert}.${names[part]}`;

/** The router and all experts of a layer. */
export function routedModules({ names, count, width }: Experts, layer: string, hiddenSize: number): Module[] {
  const experts = Array.from({ length: count }, (_, expert) => [
    linear(expertName(layer, names, expert, "gate"), hiddenSize, width, { routed: "expert" }),
    linear(expertName(layer, names, expert, "up"), hiddenSize, width, { routed: "expert" }),
    linear(expertName(layer, names, expert, "down"), width, hiddenSize, { routed: "expert", residual: true }),
  ]);
  return [linear(routerName(layer, names), hiddenSize, count, { routed: "router" }), ...experts.flat()];
}

/**
 * Sums the outputs of a token's experts, weighted by the router. Computes all experts for all tokens, with weight 0 for those a
 * token is not routed to: this works in a graph of static shapes without sorting tokens, at the cost of `count / perToken` times
 * the work.
 */
export function routedFeedForward(network: Network, x: Value, layer: string, experts: Experts): Value {
  const weights = routingWeights(network.linear(x, routerName(layer, experts.names)), experts);
  return Array.from({ length: experts.count }, (_, expert) => {
    const name = (part: "gate" | "up" | "down") => expertName(layer, experts.names, expert, part);
    const result = gatedFeedForward(network, x, { gate: name("gate"), up: name("up"), down: name("down") });
    return mul(slice(weights, 1, expert, expert + 1), result);
  }).reduce((mixed, result) => add(mixed, result));
}

/**
 * Weight of each expert for each token: its probability if it is among the token's `perToken` most probable ones, else 0. The
 * selection has no gradient, as in transformers.
 *
 * @param scores of the router, [rows, experts]
 * @returns [rows, experts]
 */
export function routingWeights(
  scores: Value,
  { perToken, normalized }: Pick<Experts, "perToken" | "normalized">,
): Value {
  const chosen = amongLargest(scores, perToken);
  // The probabilities of the chosen experts, normalised to sum to 1, are the softmax of their scores alone.
  if (normalized) return softmax(add(scores, where(chosen, 0, -1e9)));
  return mul(softmax(scores), where(chosen, 1, 0));
}

/** Whether a number is among the `k` largest of its row; ties go to the first. [rows, count] to bool [rows, count] */
function amongLargest(x: Value, k: number): Value {
  const [rows, count] = x.shape as [number, number];
  const place = (shape: Shape) =>
    x.graph.constant({ dtype: "int32", shape, data: Int32Array.from({ length: count }, (_, i) => i) });
  const [one, other] = [reshape(x, [rows, count, 1]), reshape(x, [rows, 1, count])];
  const standsBefore = less(place([1, 1, count]), place([1, count, 1]));
  const goesBefore = where(standsBefore, where(less(other, one), 0, 1), where(less(one, other), 1, 0));
  return less(sum(goesBefore, [2]), k);
}
