import { add, concat, matmul, mul, reshape, slice, softmax, transpose, type Value } from "../../../graph/index.js";

/** Queries, keys and values of some tokens, [batch, heads, length, size], rotated to their positions. */
export interface Projections {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

/** How layer `layer` attends, over the tokens themselves or over a cache of earlier ones: [batch·length, heads·size]. */
export type Attention = (projections: Projections, layer: number) => Value;

/**
 * Scaled dot-product attention with grouped queries. The heads of a group stand next to each
 * other, so that they can be read as more queries of one head: keys and values are never repeated.
 *
 * @param query [batch, heads, length, size]
 * @param key [batch, kvHeads, positions, size]
 * @param value like `key`
 * @param mask added to the scores, broadcastable to [batch, heads, length, positions]
 * @returns [batch·length, heads·size]
 */
export function attend({ query, key, value }: Projections, mask: Value): Value {
  const [batch, heads, length, size] = query.shape as [number, number, number, number];
  const [, kvHeads, positions] = key.shape as [number, number, number, number];
  const grouped = [batch, kvHeads, (heads / kvHeads) * length];
  const scores = matmul(reshape(query, [...grouped, size]), key, { transposeB: true, scale: 1 / Math.sqrt(size) });
  const weights = softmax(add(reshape(scores, [batch, heads, length, positions]), mask));
  const mixed = matmul(reshape(weights, [...grouped, positions]), value);
  return reshape(transpose(reshape(mixed, [batch, heads, length, size]), [0, 2, 1, 3]), [batch * length, heads * size]);
}

/**
 * {@link attend} of one new token in each row, over a cache of earlier ones and the token itself,
 * which is not in the cache yet: the cache is read as it stands and never copied.
 *
 * @param fresh the new token's projections, length 1
 * @param key cached keys [batch, kvHeads, positions, size]
 * @param value like `key`
 * @param mask added to the scores of the cache, broadcastable to [batch, kvHeads, heads/kvHeads, positions]
 * @returns [batch, heads·size]
 */
export function attendCached(fresh: Projections, key: Value, value: Value, mask: Value): Value {
  const [batch, heads, , size] = fresh.query.shape as [number, number, number, number];
  const [, kvHeads, positions] = key.shape as [number, number, number, number];
  const query = reshape(fresh.query, [batch, kvHeads, heads / kvHeads, size]);
  const score = (keys: Value) => matmul(query, keys, { transposeB: true, scale: 1 / Math.sqrt(size) });
  const weights = softmax(concat([add(score(key), mask), score(fresh.key)], 3));
  const mixed = matmul(slice(weights, 3, 0, positions), value);
  return reshape(add(mixed, mul(slice(weights, 3, positions, positions + 1), fresh.value)), [batch, heads * size]);
}
