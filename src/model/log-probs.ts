import { gather, gatherElements, logSoftmax, mul, reshape, scatterAdd, type Graph, type Value } from "../graph/index.js";
import type { Network } from "./architectures/architecture.js";
import type { ModelConfig } from "./config.js";
import { decodeSequences, head } from "./decoder.js";

/** Sizes of a batch of sequences; every batch of the same sizes runs the same program. */
export interface BatchShape {
  readonly rows: number;
  /** Tokens of a row, padding included. */
  readonly length: number;
  /** Response tokens of all rows together, padding included. */
  readonly completions: number;
}

/** The leaves that a batch is fed through; their contents are described at {@link SequenceFeeds}. */
export interface BatchLeaves {
  readonly tokens: Value;
  readonly position: Value;
  readonly target: Value;
  readonly row: Value;
  readonly weight: Value;
}

/** The leaves for batches of a shape. */
export function batchLeaves(graph: Graph, { rows, length, completions }: BatchShape): BatchLeaves {
  return {
    tokens: graph.input("tokens", "int32", [rows, length]),
    position: graph.input("position", "int32", [completions]),
    target: graph.input("target", "int32", [completions]),
    row: graph.input("row", "int32", [completions]),
    weight: graph.input("weight", "float32", [completions]),
  };
}

/**
 * Log-probability of each response token, log π(y_t | x, y_<t), times its weight (0 at padding).
 * The head, the widest layer of a small model, is computed at response positions only.
 *
 * @returns [completions]
 */
export function weightedTokenLogProbs(config: ModelConfig, network: Network, leaves: BatchLeaves): Value {
  const hidden = gather(decodeSequences(config, network, leaves.tokens), leaves.position);
  const [completions] = leaves.target.shape as [number];
  const logProbs = logSoftmax(head(config, network, hidden));
  const ofTargets = reshape(gatherElements(logProbs, reshape(leaves.target, [completions, 1]), 1), [completions]);
  return mul(ofTargets, leaves.weight);
}

/**
 * Sum over each row's response tokens: log π(y | x) where the weights are 1.
 *
 * @param perToken [completions]
 * @returns [rows]
 */
export function sumByRow(perToken: Value, leaves: BatchLeaves): Value {
  const [rows] = leaves.tokens.shape as [number];
  return scatterAdd(perToken.graph.full([rows], 0), leaves.row, perToken, 0);
}
