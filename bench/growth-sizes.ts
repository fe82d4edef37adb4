import type { Spent } from "./spent.js";

/** Sizes of a point of bench/growth.ts. */
export interface GrowthSizes {
  readonly pairs: number;
  /** Size of the model's hidden states. */
  readonly width: number;
  /** Tokens of a prompt and a response together, half each. */
  readonly length: number;
}

/** The cost of a point. */
export interface GrowthPoint {
  readonly scoring: Spent;
  readonly training: Spent;
  readonly writing: Spent;
  readonly peakBytes: number;
  readonly parameters: number;
}

/** The sizes of which the others are multiples. */
export const baseSizes: GrowthSizes = { pairs: 64, width: 128, length: 64 };

/** What grows, and by how much: 4 times the width has about 16 times the parameters. */
export const growths: readonly { readonly name: string; readonly sizes: readonly GrowthSizes[] }[] = [
  { name: "pairs", sizes: [1, 4, 16].map((by) => ({ ...baseSizes, pairs: by * baseSizes.pairs })) },
  { name: "parameters", sizes: [1, 2, 4].map((by) => ({ ...baseSizes, width: by * baseSizes.width })) },
  { name: "length", sizes: [1, 4, 16].map((by) => ({ ...baseSizes, length: by * baseSizes.length })) },
];
