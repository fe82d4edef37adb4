import { add, less, reshape, where, type Graph, type Value } from "../graph/index.js";
import type { Shape } from "../graph/tensor.js";
import type { ModelConfig } from "./config.js";

/*
 * Masks are added to attention's scores: 0 where a token may look, and elsewhere a number far below
 * any score, yet finite, so that the softmax there is exactly 0.
 */

const masked = -1e9;

/** [1, 1, length, length]: each token sees itself and what stands before it, as far as the window reaches. */
export function causalMask(graph: Graph, config: ModelConfig, length: number): Value {
  const query = consecutive(graph, [1, 1, length, 1]);
  const hidden = where(less(query, consecutive(graph, [1, 1, 1, length])), masked, 0);
  return withWindow(hidden, config, query, [1, 1, 1, length]);
}

/**
 * [rows, 1, 1, places]: the token at `position` sees the places before it, as far as the window reaches.
 *
 * @param position int32 [rows]
 */
export function earlierMask(config: ModelConfig, position: Value, places: number): Value {
  const query = reshape(position, [-1, 1, 1, 1]);
  const hidden = where(less(consecutive(position.graph, [1, 1, 1, places]), query), 0, masked);
  return withWindow(hidden, config, query, [1, 1, 1, places]);
}

/** Also hides keys that stand `slidingWindow` or more places before the query. */
function withWindow(mask: Value, config: ModelConfig, query: Value, keys: Shape): Value {
  const window = "slidingWindow" in config ? config.slidingWindow : undefined;
  if (window === undefined) return mask;
  const lastSeenBy = consecutive(mask.graph, keys, window - 1);
  return add(mask, where(less(lastSeenBy, query), masked, 0));
}

/** int32: from, from + 1, … */
function consecutive(graph: Graph, shape: Shape, from = 0): Value {
  const length = shape.reduce((size, axis) => size * axis, 1);
  return graph.constant({ dtype: "int32", shape, data: Int32Array.from({ length }, (_, i) => from + i) });
}
