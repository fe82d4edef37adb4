import { add, cast, less, reshape, where, type Graph, type Value } from "../graph/index.js";
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
 * [rows, 1, length, length], for rows that hold a prompt and several responses to it: each token sees itself and what
 * stands before it in its own sequence, as far as the window reaches there.
 *
 * @param place position of each token in its own sequence, int32 [rows, length]
 * @param lastSeenBy index within the row of the last token that sees it, int32 [rows, length]
 */
export function sharedMask(config: ModelConfig, place: Value, lastSeenBy: Value): Value {
  const [rows, length] = place.shape as [number, number];
  const { graph } = place;
  const window = windowOf(config);
  const byKey = (x: Value) => reshape(x, [rows, 1, 1, length]);
  const hideAfter = (last: Value, query: Value) => where(less(byKey(last), query), masked, 0);
  const causal = where(less(consecutive(graph, [1, 1, length, 1]), consecutive(graph, [1, 1, 1, length])), masked, 0);
  const mask = add(hideAfter(lastSeenBy, consecutive(graph, [1, 1, length, 1])), causal);
  if (window === undefined) return mask;
  const at = cast(place, "float32");
  return add(mask, hideAfter(add(at, window - 1), reshape(at, [rows, 1, length, 1])));
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
  const window = windowOf(config);
  if (window === undefined) return mask;
  const lastSeenBy = consecutive(mask.graph, keys, window - 1);
  return add(mask, where(less(lastSeenBy, query), masked, 0));
}

/** Tokens that a token attends to, itself included; undefined where it is all before it. */
function windowOf(config: ModelConfig): number | undefined {
  return "slidingWindow" in config ? config.slidingWindow : undefined;
}

/** int32: from, from + 1, … */
function consecutive(graph: Graph, shape: Shape, from = 0): Value {
  const length = shape.reduce((size, axis) => size * axis, 1);
  return graph.constant({ dtype: "int32", shape, data: Int32Array.from({ length }, (_, i) => from + i) });
}
