import { add, concat, less, matmul, mul, reshape, rotary, slice, softmax, transpose, where, type Graph, type Value } from "../graph/index.js";
import { tensor, type Shape } from "../graph/tensor.js";
import type { ModelConfig } from "./config.js";

/** Far below any score, yet finite: the softmax of a masked place is exactly 0. */
const masked = -1e9;

/** Queries, keys and values of some tokens, [batch, heads, length, size], rotated to their positions. */
export interface Projections {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

/** x · weightᵀ for rows x [rows, in] and a weight [out, in]. */
export function linear(x: Value, weight: Value): Value {
  return matmul(x, weight, { transposeB: true });
}

/** What {@link rotary} turns by, a row for each position. */
export interface RotaryTables {
  readonly cos: Value;
  readonly sin: Value;
}

/**
 * Projects normed rows to rotated queries and keys, and values.
 *
 * @param x [batch·length, hidden]
 * @param position int32 [batch, length]
 */
export function project(
  config: ModelConfig,
  x: Value,
  position: Value,
  { cos, sin }: RotaryTables,
  weights: { query: Value; key: Value; value: Value },
): Projections {
  const [batch, length] = position.shape as [number, number];
  const { heads, kvHeads, headSize } = config;
  const split = (rows: Value, count: number) =>
    transpose(reshape(rows, [batch, length, count, headSize]), [0, 2, 1, 3]);
  return {
    query: rotary(split(linear(x, weights.query), heads), position, cos, sin),
    key: rotary(split(linear(x, weights.key), kvHeads), position, cos, sin),
    value: split(linear(x, weights.value), kvHeads),
  };
}

/**
 * Scaled dot-product attention with grouped queries. The heads of a group stand next to each
 * other, so that they can be read as more queries of one head: keys and values are never repeated.
 *
 * @param query [batch, heads, length, size]
 * @param key [batch, kvHeads, places, size]
 * @param value like `key`
 * @param unseen bool, broadcastable to [batch, heads, length, places]: what a query must not look at
 * @returns [batch·length, heads·size]
 */
export function attend(query: Value, key: Value, value: Value, unseen: Value): Value {
  const [batch, heads, length, size] = query.shape as [number, number, number, number];
  const [, kvHeads, places] = key.shape as [number, number, number, number];
  const grouped = [batch, kvHeads, (heads / kvHeads) * length];
  const scores = matmul(reshape(query, [...grouped, size]), key, { transposeB: true, scale: 1 / Math.sqrt(size) });
  const bias = where(unseen, masked, 0);
  const weights = softmax(add(reshape(scores, [batch, heads, length, places]), bias));
  const mixed = matmul(reshape(weights, [...grouped, places]), value);
  return reshape(transpose(reshape(mixed, [batch, heads, length, size]), [0, 2, 1, 3]), [batch * length, heads * size]);
}

/**
 * {@link attend} of one new token in each row, over a cache of earlier ones and the token itself,
 * which is not in the cache yet: the cache is read as it stands and never copied.
 *
 * @param fresh the new token's projections, length 1
 * @param key cached keys [batch, kvHeads, places, size]
 * @param value like `key`
 * @param earlier bool, broadcastable to [batch, kvHeads, heads/kvHeads, places]: places that hold an earlier token
 * @returns [batch, heads·size]
 */
export function attendCached(fresh: Projections, key: Value, value: Value, earlier: Value): Value {
  const [batch, heads, , size] = fresh.query.shape as [number, number, number, number];
  const [, kvHeads, places] = key.shape as [number, number, number, number];
  const query = reshape(fresh.query, [batch, kvHeads, heads / kvHeads, size]);
  const score = (keys: Value) => matmul(query, keys, { transposeB: true, scale: 1 / Math.sqrt(size) });
  const weights = softmax(concat([add(score(key), where(earlier, 0, masked)), score(fresh.key)], 3));
  const mixed = matmul(slice(weights, 3, 0, places), value);
  return reshape(add(mixed, mul(slice(weights, 3, places, places + 1), fresh.value)), [batch, heads * size]);
}

/** bool [1, 1, length, length]: each place sees itself and what stands before it, not what follows. */
export function causal({ graph }: Value, length: number): Value {
  const places = (shape: Shape) =>
    graph.constant({ dtype: "int32", shape, data: Int32Array.from({ length }, (_, i) => i) });
  return less(places([1, 1, length, 1]), places([1, 1, 1, length]));
}

/** cos and sin of position·θ^(−2i/size), each [contextLength, size/2], computed in double precision. */
export function rotaryTables({ contextLength, headSize, ropeTheta }: ModelConfig, graph: Graph): RotaryTables {
  const half = headSize / 2;
  const angles = Array.from({ length: contextLength * half }, (_, at) => {
    const position = Math.floor(at / half);
    return position * ropeTheta ** (-(at % half) / half);
  });
  const table = (fn: (angle: number) => number) =>
    graph.constant(tensor([contextLength, half], Float32Array.from(angles, fn)));
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
