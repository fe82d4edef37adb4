import { matmul, mean, sum } from "../../../src/graph/build.js";
import type { Case } from "./case.js";
import { normal } from "./case.js";

/** All four ways to transpose the factors of [2, 3] · [3, 4]. */
function matmuls(lead: readonly number[], scale: number): Case[] {
  return [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      title: `matmul, lead [${lead}], A${transposeA ? "ᵀ" : ""} B${transposeB ? "ᵀ" : ""}, scale ${scale}`,
      inputs: [
        transposeA ? normal(...lead, 3, 2) : normal(...lead, 2, 3),
        transposeB ? normal(...lead, 4, 3) : normal(...lead, 3, 4),
      ],
      build: (a, b) => matmul(a, b, { transposeA, transposeB, scale }),
    })),
  );
}

export const contractions = {
  matmul: [
    ...matmuls([], 1),
    ...matmuls([], -0.3),
    ...matmuls([2], 1),
    ...matmuls([1, 2], 0.5),
    { title: "matmul, a row by a column", inputs: [normal(1, 3), normal(3, 1)], build: (a, b) => matmul(a, b) },
    { title: "matmul, a column by a row", inputs: [normal(3, 1), normal(1, 2)], build: (a, b) => matmul(a, b) },
    { title: "matmul by itself, transposed", inputs: [normal(2, 3)], build: (a) => matmul(a, a, { transposeB: true }) },
  ],
  sum: [
    { title: "sum of all", inputs: [normal(2, 3)], build: (x) => sum(x) },
    { title: "sum of all, axes kept", inputs: [normal(2, 3)], build: (x) => sum(x, [0, 1], true) },
    { title: "sum over the first axis", inputs: [normal(2, 3)], build: (x) => sum(x, [0]) },
    { title: "sum over the last axis, kept", inputs: [normal(2, 3)], build: (x) => sum(x, [-1], true) },
    { title: "sum over the outer axes", inputs: [normal(2, 3, 4)], build: (x) => sum(x, [0, 2]) },
    { title: "sum over the middle axis, kept", inputs: [normal(2, 3, 4)], build: (x) => sum(x, [1], true) },
    { title: "sum over an axis of size 1", inputs: [normal(2, 1, 3)], build: (x) => sum(x, [1]) },
    { title: "mean of all", inputs: [normal(2, 3)], build: (x) => mean(x) },
    { title: "mean over one axis", inputs: [normal(2, 3)], build: (x) => mean(x, [1]) },
  ],
} satisfies Record<string, readonly Case[]>;
