import { sizeOf } from "../../../../graph/tensor.js";
import type { Restore } from "./architecture.js";

/**
 * Rotary positions rotate pairs of elements of a head. Hugging Face pairs element i with the one half a head away; GGUF (for
 * Llama) pairs neighbours: it moves row i of the first half to row 2i, and of the second half to 2i + 1.
 */
export function interleavedHeads(heads: number): Restore {
  return reorderedRows((rows) => {
    const headSize = rows / heads;
    const half = headSize / 2;
    return (row) => {
      const [head, place] = [Math.floor(row / headSize), row % headSize];
      return head * headSize + (place < half ? 2 * place : 2 * (place - half) + 1);
    };
  });
}

/** GGUF stores all queries, then all keys, then all values; GPT-NeoX stores query, key and value of each head side by side. */
export function fusedByHead(heads: number): Restore {
  return reorderedRows((rows) => {
    const headSize = rows / (3 * heads);
    return (row) => {
      const [head, part, place] = [Math.floor(row / (3 * headSize)), Math.floor(row / headSize) % 3, row % headSize];
      return (part * heads + head) * headSize + place;
    };
  });
}

/** A matrix stored as [out, in] in GGUF and [in, out] in GPT-2; a bias stays unchanged. */
export const transposed: Restore = {
  shapeOf: (stored) => stored.toReversed(),
  rowOrder: () => (row) => row,
  elementsOf({ shape, data }) {
    const [rows, columns = 1] = shape as [number, number?];
    const elements = new Float32Array(data.length);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) elements[column * rows + row] = data[row * columns + column]!;
    }
    return elements;
  },
};

/** Norm weights that GGUF stores as scales, and Hugging Face's layout stores minus 1. */
export const lessOne: Restore = {
  shapeOf: (stored) => stored,
  elementsOf: ({ data }) => data.map((weight) => weight - 1),
};

/**
 * Reorders the rows of a matrix, or the elements of a bias.
 *
 * @param orderOf returns, for a number of rows, the source index of row i
 */
function reorderedRows(orderOf: (rows: number) => (row: number) => number): Restore {
  return {
    shapeOf: (stored) => stored,
    rowOrder: orderOf,
    elementsOf({ shape, data }) {
      const rows = shape[0]!;
      const width = sizeOf(shape.slice(1));
      const from = orderOf(rows);
      const elements = new Float32Array(data.length);
      for (let row = 0; row < rows; row++) {
        const start = from(row) * width;
        elements.set(data.subarray(start, start + width), row * width);
      }
      return elements;
    },
  };
}
