import { sizeOf } from "../../../../graph/tensor.js";
import type { Restore } from "./architecture.js";

/**
 * Rotary positions turn pairs of elements of a head. Hugging Face pairs element i with the one half a head further,
 * GGUF (for Llama) with its neighbour: it has moved row i of a half to row 2i, and of the other half to 2i + 1.
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

/** Rows of all queries, then all keys, then all values in GGUF; query, key and value of each head beside each other in GPT-NeoX. */
export function fusedByHead(heads: number): Restore {
  return reorderedRows((rows) => {
    const headSize = rows / (3 * heads);
    return (row) => {
      const [head, part, place] = [Math.floor(row / (3 * headSize)), Math.floor(row / headSize) % 3, row % headSize];
      return (part * heads + head) * headSize + place;
    };
  });
}

/** A matrix that GGUF has as [out, in] and GPT-2 as [in, out]; a bias stays. */
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

/** Weights of a norm that GGUF has as they scale, and Hugging Face's layout less 1. */
export const lessOne: Restore = {
  shapeOf: (stored) => stored,
  elementsOf: ({ data }) => data.map((weight) => weight - 1),
};

/**
 * Rows of a matrix, or elements of a bias, in another order.
 *
 * @param orderOf for so many rows, where row i is taken from
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
