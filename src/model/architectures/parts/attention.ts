import {
  add,
  concat,
  matmul,
  mul,
  recomputed,
  reshape,
  slice,
  softmax,
  transpose,
  type Value,
} from "../../../graph/index.js";
import { softCap } from "./soft-cap.js";

/** Queries, keys and values of some tokens, [batch, heads, length, size], rotated to their positions. */
export interface Projections {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  /** Soft cap of the scores, applied before the mask: see {@link softCap}. */
  readonly scoreCap?: number | undefined;
}

/** Computes the attention of layer `layer`, over the tokens themselves or a cache of earlier ones: [batch·length, heads·size]. */
export type Attention = (projections: Projections, layer: number) => Value;

/**
 * Rows of up to this many tokens are not divided into blocks: there is little to save, and the smaller products of blocks are
 * slower.
 */
const mostAtOnce = 256;

/** Queries of a block: a quarter of the row, within limits, because each block adds its own nodes to every layer. */
export function queriesPerBlock(length: number): number {
  return length <= mostAtOnce ? length : Math.min(512, Math.max(128, Math.ceil(length / 4)));
}

/**
 * Causal scaled dot-product attention of tokens to themselves and earlier ones, with grouped queries.
 *
 * Long rows are processed in blocks of queries, whose probabilities are recomputed for the gradient (as in FlashAttention, Dao et
 * al. 2022, arXiv 2205.14135): no [heads, length, length] tensor is ever materialised, and none of its parts is kept. A block
 * reads only the keys up to its last query.
 *
 * @param query [batch, heads, length, size]
 * @param key [batch, kvHeads, length, size]
 * @param value like `key`
 * @param mask added to the scores, broadcastable to [batch, heads, length, length]; hides at least everything after a query
 * @returns [batch·length, heads·size]
 */
export function attend(
  { query, key, value, scoreCap }: Projections,
  mask: Value,
  blockSize = queriesPerBlock(query.shape[2]!),
): Value {
  const [batch, heads, length, size] = query.shape as [number, number, number, number];
  const starts = Array.from({ length: Math.ceil(length / blockSize) }, (_, block) => block * blockSize);
  const blocks = starts.map((start) => {
    const end = Math.min(start + blockSize, length);
    const seen = (x: Value) => slice(x, 2, 0, end);
    const hidden = slice(slice(mask, 2, start, end), 3, 0, end);
    const mixed = (q: Value, k: Value, v: Value) => mix({ query: q, key: k, value: v, scoreCap }, hidden);
    if (starts.length === 1) return mixed(query, key, value);
    return recomputed([slice(query, 2, start, end), seen(key), seen(value)], mixed);
  });
  return reshape(transpose(concat(blocks, 2), [0, 2, 1, 3]), [batch * length, heads * size]);
}

/**
 * Attention outputs of some queries. The heads of a group are adjacent, so they can be treated as additional queries of one head:
 * keys and values are never repeated.
 *
 * @returns [batch, heads, length, size]
 */
function mix({ query, key, value, scoreCap }: Projections, mask: Value): Value {
  const [batch, heads, length, size] = query.shape as [number, number, number, number];
  const [, kvHeads, positions] = key.shape as [number, number, number, number];
  const grouped = [batch, kvHeads, (heads / kvHeads) * length];
  const scores = matmul(reshape(query, [...grouped, size]), key, { transposeB: true, scale: 1 / Math.sqrt(size) });
  const weights = softmax(add(softCap(reshape(scores, [batch, heads, length, positions]), scoreCap), mask));
  const mixed = matmul(reshape(weights, [...grouped, positions]), value);
  return reshape(mixed, [batch, heads, length, size]);
}

/**
 * {@link attend} for one new token in each row, over a cache of earlier tokens and the token itself, which is not in the cache
 * yet: the cache is read in place and never copied.
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
  const score = (keys: Value) =>
    softCap(matmul(query, keys, { transposeB: true, scale: 1 / Math.sqrt(size) }), fresh.scoreCap);
  const weights = softmax(concat([add(score(key), mask), score(fresh.key)], 3));
  const mixed = matmul(slice(weights, 3, 0, positions), value);
  return reshape(add(mixed, mul(slice(weights, 3, positions, positions + 1), fresh.value)), [batch, heads * size]);
}
