import { layerNorm, logSoftmax, logSoftmaxAt, rmsNorm, rotary, softmax } from "../../../src/graph/build.js";
import type { Value } from "../../../src/graph/value.js";
import type { Case, Given } from "./case.js";
import { held, integers, normal, numbers } from "./case.js";

function overLastAxis(name: string, op: (x: Value) => Value): Case[] {
  return [
    { title: `${name} of a row`, inputs: [normal(4)], build: op },
    { title: `${name} of rows`, inputs: [normal(2, 2, 3)], build: op },
    { title: `${name} of equal numbers`, inputs: [numbers([1, 3], [2, 2, 2])], build: op },
    { title: `${name} of one number`, inputs: [normal(3, 1)], build: op },
    { title: `${name} with numbers far apart`, inputs: [numbers([2, 3], [0, 12, -12, 500, 501, 499])], build: op },
  ];
}

/** Cosines and sines of 5 positions at `half` frequencies. */
function tables(half: number): [cos: Given, sin: Given] {
  const angles = Array.from({ length: 5 * half }, (_, i) => Math.floor(i / half) / 10 ** (i % half));
  return [held(numbers([5, half], angles.map(Math.cos))), held(numbers([5, half], angles.map(Math.sin)))];
}

export const transformer = {
  softmax: overLastAxis("softmax", softmax),
  logSoftmax: overLastAxis("logSoftmax", logSoftmax),
  logSoftmaxAt: [
    { title: "logSoftmaxAt", inputs: [normal(3, 4), integers([3], [3, 0, 3])], build: logSoftmaxAt },
    {
      title: "logSoftmaxAt with numbers far apart",
      inputs: [numbers([2, 3], [0, 12, -12, 500, 501, 499]), integers([2], [1, 2])],
      build: logSoftmaxAt,
    },
  ],
  rmsNorm: [
    { title: "rmsNorm of rows", inputs: [normal(2, 3, 4), normal(4)], build: (x, w) => rmsNorm(x, w, 1e-5) },
    { title: "rmsNorm of a row", inputs: [normal(3), normal(3)], build: (x, w) => rmsNorm(x, w, 1e-6) },
    {
      title: "rmsNorm of a row near 0",
      inputs: [numbers([2, 2], [1e-3, -2e-3, 0, 0]), normal(2)],
      build: (x, w) => rmsNorm(x, w, 1e-2),
    },
    {
      title: "rmsNorm of large numbers",
      inputs: [numbers([2], [3e3, -4e3]), normal(2)],
      build: (x, w) => rmsNorm(x, w, 1e-5),
    },
  ],
  layerNorm: [
    {
      title: "layerNorm of rows",
      inputs: [normal(2, 3, 4), normal(4), normal(4)],
      build: (x, w, b) => layerNorm(x, w, b, 1e-5),
    },
    {
      title: "layerNorm of a row",
      inputs: [normal(3), normal(3), normal(3)],
      build: (x, w, b) => layerNorm(x, w, b, 1e-6),
    },
    {
      title: "layerNorm of a row near 0, and of equal numbers",
      inputs: [numbers([2, 2], [1e-3, -2e-3, 3, 3]), normal(2), normal(2)],
      build: (x, w, b) => layerNorm(x, w, b, 1e-2),
    },
    {
      title: "layerNorm of large numbers",
      inputs: [numbers([3], [3e3, -4e3, 1e3]), normal(3), normal(3)],
      build: (x, w, b) => layerNorm(x, w, b, 1e-5),
    },
  ],
  rotary: [
    {
      title: "rotary",
      inputs: [normal(2, 2, 3, 4), integers([2, 3], [0, 1, 2, 0, 0, 4]), ...tables(2)],
      build: rotary,
    },
    { title: "rotary of pairs", inputs: [normal(1, 1, 2, 2), integers([1, 2], [3, 1]), ...tables(1)], build: rotary },
  ],
} satisfies Record<string, readonly Case[]>;
