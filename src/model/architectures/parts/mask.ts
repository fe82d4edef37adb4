import { add, cast, less, reshape, where, type Graph, type Value } from "../../../graph/index.js";
import type { Shape } from "../../../graph/tensor.js";
import type { ModelConfig } from "../../config.js";

/*
 * Masks are added to attention scores: 0 where a token may attend, elsewhere a finite number so far below any score that the
 * softmax there is exactly 0.
 */

const masked = -1e9;

/**
 * The mask of each layer; layers with the same window share one.
 *
 * @param build creates the mask of a window in tokens, or without a window
 */
export function maskOfLayer(
  { slidingWindow, windowedLayers }: ModelConfig,
  build: (window: number | undefined) => Value,
): (layer: number) => Value {
  const masks = new Map<number | undefined, Value>();
  return (layer) => {
    const window = windowedLayers?.[layer] === false ? undefined : slidingWindow;
    if (!masks.has(window)) masks.set(window, build(window));
    return masks.get(window)!;
  };
}

/** [1, 1, length, length]: each token attends to itself and earlier ones, as far as the window reaches. */
export function causalMask(graph: Graph, window: number | undefined, length: number): Value {
  const query = consecutive(graph, [1, 1, length, 1]);
  const key = consecutive(graph, [1, 1, 1, length]);
  return withWindow(where(less(query, key), masked, 0), window, query, key);
}

/**
 * [rows, 1, length, length], for rows that contain a prompt and several responses to it: each token attends to itself and earlier
 * tokens of its own sequence, as far as the window reaches there.
 *
 * @param place position of each token in its own sequence, int32 [rows, length]
 * @param visibleUntil index within the row of the last token that attends to it, int32 [rows, length]
 */
export function sharedMask(window: number | undefined, place: Value, visibleUntil: Value): Value {
  const [rows, length] = place.shape as [number, number];
  const { graph } = place;
  const byKey = (x: Value) => reshape(x, [rows, 1, 1, length]);
  const index = consecutive(graph, [1, 1, length, 1]);
  const causal = where(less(index, consecutive(graph, [1, 1, 1, length])), masked, 0);
  const mask = add(where(less(byKey(visibleUntil), index), masked, 0), causal);
  return withWindow(mask, window, reshape(place, [rows, 1, length, 1]), byKey(place));
}

/**
 * [rows, 1, 1, places]: the token at `position` attends to the places before it, as far as the window reaches.
 *
 * @param position int32 [rows]
 * @param place int32 [1, 1, 1, places], the places from 0
 */
export function earlierMask(window: number | undefined, position: Value, place: Value): Value {
  const query = reshape(position, [-1, 1, 1, 1]);
  return withWindow(where(less(place, query), 0, masked), window, query, place);
}

/** Also hides keys that are `window` or more places before the query; both are int32 places, broadcastable to the mask. */
function withWindow(mask: Value, window: number | undefined, query: Value, key: Value): Value {
  if (window === undefined) return mask;
  const visibleUntil = add(cast(key, "float32"), window - 1);
  return add(mask, where(less(visibleUntil, cast(query, "float32")), masked, 0));
}

/** int32: 0, 1, … */
function consecutive(graph: Graph, shape: Shape): Value {
  const length = shape.reduce((size, axis) => size * axis, 1);
  return graph.constant({ dtype: "int32", shape, data: Int32Array.from({ length }, (_, i) => i) });
}
