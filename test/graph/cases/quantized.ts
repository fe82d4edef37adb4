import { dequantize, gather, matmulQuantized } from "../../../src/graph/build.js";
import { blockBytes, type BlockBits } from "../../../src/graph/quantized-blocks.js";
import type { Case, Given } from "./case.js";
import { held, integers, normal, positive } from "./case.js";

/** Bytes of any value. */
export const anyBytes = (...shape: number[]): Given => ({
  ...held(normal(...shape)),
  dtype: "uint8",
  element: (random) => random.integer(256),
});

/** The blocks of quantized rows and their scales. */
export const quantizedRows = (rows: number, blocks: number, bits: BlockBits): [Given, Given] => [
  anyBytes(rows, blocks, blockBytes(bits)),
  held(positive(rows, blocks)),
];

const both = (cases: (bits: BlockBits) => Case[]) => ([8, 4] as const).flatMap(cases);

export const quantized = {
  matmulQuantized: both((bits) => [
    {
      title: `matmulQuantized, ${bits} bits`,
      inputs: [normal(2, 64), ...quantizedRows(3, 2, bits)],
      build: (x, q, s) => matmulQuantized(x, q, s, bits),
    },
    {
      title: `matmulQuantized, a row, ${bits} bits`,
      inputs: [normal(1, 32), ...quantizedRows(1, 1, bits)],
      build: (x, q, s) => matmulQuantized(x, q, s, bits),
    },
  ]),
  dequantize: both((bits) => [
    { title: `dequantize, ${bits} bits`, inputs: quantizedRows(2, 3, bits), build: (q, s) => dequantize(q, s, bits) },
    {
      title: `dequantize rows that were gathered, ${bits} bits`,
      inputs: [...quantizedRows(4, 2, bits), integers([2, 2], [3, 0, 3, 1])],
      build: (q, s, i) => dequantize(gather(q!, i!), gather(s!, i!), bits),
    },
  ]),
} satisfies Record<string, readonly Case[]>;
