import {
  broadcast,
  concat,
  gather,
  logSoftmaxAt,
  mul,
  recomputed,
  reshape,
  scatterAdd,
  slice,
  type Graph,
  type Value,
} from "../../graph/index.js";
import { decodeSequences, decodeShared, head, type SharedRows } from "../architectures/decoder.js";
import { architectureOf } from "../architectures/index.js";
import type { Network } from "../architectures/network.js";
import type { ModelConfig } from "../config.js";
import { loraLayers } from "../parameters/lora/lora.js";

/** Sizes of a batch of rows; batches of equal sizes run the same program. */
export interface BatchShape {
  readonly rows: number;
  /** Tokens of a row, padding included. */
  readonly length: number;
  /** Responses of all rows together, padding included. */
  readonly responses: number;
  /** Response tokens of all rows together, padding included. */
  readonly completions: number;
  /** Whether a row holds several responses to its prompt, or just one. */
  readonly sharesPrompts: boolean;
}

/** Rows of the largest input of any linear layer: all tokens, or the response tokens at the head. */
export const mostRows = ({ rows, length, completions }: BatchShape): number => Math.max(rows * length, completions);

/** The leaves through which a batch is fed; {@link RowFeeds} describes their contents. */
export interface BatchLeaves {
  readonly tokens: Value;
  readonly position: Value;
  readonly target: Value;
  readonly response: Value;
  readonly weight: Value;
  /** Responses of all rows together. */
  readonly responses: number;
  /** How the tokens of a row relate to each other, if it holds several responses. */
  readonly sharing: SharedRows | undefined;
}

/** The leaves for batches of a shape. */
export function batchLeaves(
  graph: Graph,
  { rows, length, responses, completions, sharesPrompts }: BatchShape,
): BatchLeaves {
  const perToken = (name: string) => graph.input(name, "int32", [rows, length]);
  return {
    tokens: perToken("tokens"),
    position: graph.input("position", "int32", [completions]),
    target: graph.input("target", "int32", [completions]),
    response: graph.input("response", "int32", [completions]),
    weight: graph.input("weight", "float32", [completions]),
    responses,
    sharing: sharesPrompts ? { place: perToken("place"), visibleUntil: perToken("visibleUntil") } : undefined,
  };
}

/** The last hidden states of all tokens of a batch, after the final norm: [rows·length, hidden]. */
export function hiddenStates(config: ModelConfig, network: Network, { tokens, sharing }: BatchLeaves): Value {
  return sharing ? decodeShared(config, network, tokens, sharing) : decodeSequences(config, network, tokens);
}

/**
 * Log-probability of each response token, log π(y_t | x, y_<t), times its weight (0 at padding). The head, the widest
 * layer of a small model, is computed at response positions only. If these need more than {@link mostLogits} logits,
 * the head is computed in pieces of at most that many, which are recomputed for the gradient.
 *
 * @param states of all tokens. Default: {@link hiddenStates}
 * @returns [completions]
 */
export function weightedTokenLogProbs(
  config: ModelConfig,
  network: Network,
  leaves: BatchLeaves,
  states = hiddenStates(config, network, leaves),
): Value {
  return mul(tokenLogProbs(config, network, gather(states, leaves.position), leaves.target), leaves.weight);
}

/** Logits computed at once: 64 MiB. Fewer would slow down the head's matrix products. */
const mostLogits = 2 ** 24;

/**
 * Log-probability of each target given its hidden state.
 *
 * @param hidden [completions, hidden]
 * @param target int32 [completions]
 * @param most logits per piece
 * @returns [completions]
 */
export function tokenLogProbs(
  config: ModelConfig,
  network: Network,
  hidden: Value,
  target: Value,
  most = mostLogits,
): Value {
  const [completions] = target.shape as [number];
  const logProbs = (states: Value, targets: Value) => logSoftmaxAt(head(config, network, states), targets);
  const rows = Math.max(1, Math.floor(most / config.vocabSize));
  if (completions <= rows || dropsHead(config)) return logProbs(hidden, target);
  const starts = Array.from({ length: Math.ceil(completions / rows) }, (_, piece) => piece * rows);
  const pieces = starts.map((start) => {
    const part = (x: Value) => slice(x, 0, start, Math.min(start + rows, completions));
    return recomputed([part(hidden), part(target)], logProbs);
  });
  return concat(pieces, 0);
}

/**
 * Whether the head's inputs have dropout, which differs from row to row, so that the head cannot be computed in pieces.
 */
function dropsHead(config: ModelConfig): boolean {
  const { adapter } = config;
  const { head } = architectureOf(config);
  return (
    adapter !== undefined && (adapter.dropout ?? 0) > 0 && loraLayers(config, adapter).some(({ name }) => name === head)
  );
}

/**
 * Hidden states at the response tokens themselves, after the model has read them: [completions, hidden]. The leaf
 * `ownPosition` is fed {@link ownPositions}; padding repeats the state of some token.
 */
export function responseStates(states: Value, { target }: BatchLeaves): Value {
  return gather(states, states.graph.input("ownPosition", "int32", target.shape));
}

/**
 * Sum over each response's tokens: log π(y | x) if the weights are 1.
 *
 * @param perToken [completions] or [completions, width], 0 at padding
 * @returns [responses] or [responses, width]
 */
export function sumByResponse(
  perToken: Value,
  { response, responses }: Pick<BatchLeaves, "response" | "responses">,
): Value {
  const [completions, ...width] = perToken.shape as [number, ...number[]];
  const zeros = perToken.graph.full([responses, ...width], 0);
  const index = width.length === 0 ? response : broadcast(reshape(response, [completions, 1]), perToken.shape);
  return scatterAdd(zeros, index, perToken, 0);
}
