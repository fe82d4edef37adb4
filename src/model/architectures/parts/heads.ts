import { reshape, slice, transpose, type Value } from "../../../graph/index.js";
import type { Projections } from "./attention.js";

/**
 * Splits the outputs of a linear layer into heads, which lie side by side in them.
 *
 * @param rows [batch·length, heads·size]
 * @param tokens of the rows, [batch, length]
 * @returns [batch, heads, length, size]
 */
export function splitHeads(rows: Value, tokens: Value, heads: number): Value {
  const [batch, length] = tokens.shape as [number, number];
  return transpose(reshape(rows, [batch, length, heads, rows.shape[1]! / heads]), [0, 2, 1, 3]);
}

/**
 * Splits the outputs of a fused linear layer in which query, key and value of each head lie side by side.
 *
 * @param rows [batch·length, heads·3·size]
 * @param tokens of the rows, [batch, length]
 */
export function fusedByHead(rows: Value, tokens: Value, heads: number): Projections {
  const fused = splitHeads(rows, tokens, heads);
  const size = fused.shape[3]! / 3;
  const part = (at: number) => slice(fused, 3, at * size, (at + 1) * size);
  return { query: part(0), key: part(1), value: part(2) };
}

/**
 * Splits the outputs of a fused linear layer ordered by kind: all heads' queries, then all keys, then all values.
 *
 * @param rows [batch·length, (heads + 2·kvHeads)·size]
 * @param tokens of the rows, [batch, length]
 */
export function fusedByKind(rows: Value, tokens: Value, heads: number, kvHeads = heads): Projections {
  const size = rows.shape[1]! / (heads + 2 * kvHeads);
  const part = (from: number, count: number) =>
    splitHeads(slice(rows, 1, from * size, (from + count) * size), tokens, count);
  return { query: part(0, heads), key: part(heads, kvHeads), value: part(heads + kvHeads, kvHeads) };
}
