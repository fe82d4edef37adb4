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
  const key = consecutive(graph, [1, 1, 1, length]);
  return withWindow(where(less(query, key), masked, 0), config, query, key);
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
 * @param place int32 [1, 1, 1, places], the places from 0
 */
export function earlierMask(config: ModelConfig, position: Value, place: Value): Value {
  const query = reshape(position, [-1, 1, 1, 1]);
  return withWindow(where(less(place, query), 0, masked), config, query, place);
}

/** Also hides keys that stand `slidingWindow` or more places before the query. */
function withWindow(mask: Value, config: ModelConfig, query: Value, key: Value): Value {
  const window = windowOf(config);
  if (window === undefined) return mask;
  const [from, to] = [query, key].map((place) => cast(place, "float32")) as [Value, Value];
  return add(mask, where(less(add(to, window - 1), from), masked, 0));
}

/** Tokens that a token attends to, itself included; undefined where it is all before it. */
function windowOf(config: ModelConfig): number | undefined {
  return "slidingWindow" in config ? config.slidingWindow : undefined;
}

/** int32: 0, 1, … */
function consecutive(graph: Graph, shape: Shape): Value {
  const length = shape.reduce((size, axis) => size * axis, 1);
  return graph.constant({ dtype: "int32", shape, data: Int32Array.from({ length }, (_, i) => i) });
}
