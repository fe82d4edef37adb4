import { broadcast, concat, reshape, slice, transpose } from "../../../src/graph/build.js";
import type { Case } from "./case.js";
import { bits, integers, normal } from "./case.js";

export const arrangement = {
  reshape: [
    { title: "reshape", inputs: [normal(2, 6)], build: (x) => reshape(x, [3, 4]) },
    { title: "reshape, a size found out", inputs: [normal(2, 3, 2)], build: (x) => reshape(x, [2, -1]) },
    { title: "reshape to a scalar", inputs: [normal(1, 1)], build: (x) => reshape(x, []) },
    { title: "reshape of a scalar", inputs: [normal()], build: (x) => reshape(x, [1, 1]) },
    { title: "reshape of int32", inputs: [integers([4], [1, 2, 3, 4])], build: (x) => reshape(x, [2, 2]) },
    { title: "reshape of bool", inputs: [bits([2], [0, 1])], build: (x) => reshape(x, [2, 1]) },
  ],
  transpose: [
    { title: "transpose of a matrix", inputs: [normal(2, 3)], build: (x) => transpose(x, [1, 0]) },
    { title: "transpose of heads and time", inputs: [normal(2, 3, 2, 2)], build: (x) => transpose(x, [0, 2, 1, 3]) },
    { title: "transpose in a circle", inputs: [normal(2, 3, 4)], build: (x) => transpose(x, [2, 0, 1]) },
    { title: "transpose of int32", inputs: [integers([2, 2], [1, 2, 3, 4])], build: (x) => transpose(x, [1, 0]) },
  ],
  broadcast: [
    { title: "broadcast of a scalar", inputs: [normal()], build: (x) => broadcast(x, [2, 3]) },
    { title: "broadcast of a row", inputs: [normal(3)], build: (x) => broadcast(x, [2, 3]) },
    { title: "broadcast of a column", inputs: [normal(2, 1)], build: (x) => broadcast(x, [2, 3]) },
    { title: "broadcast of heads", inputs: [normal(2, 1, 3)], build: (x) => broadcast(x, [2, 2, 2, 3]) },
    { title: "broadcast by an axis of size 1", inputs: [normal(3)], build: (x) => broadcast(x, [1, 3]) },
    { title: "broadcast of int32", inputs: [integers([2, 1], [1, 2])], build: (x) => broadcast(x, [2, 2]) },
    { title: "a full scalar", inputs: [normal(2)], build: (x) => x.graph.full([], 3) },
  ],
  slice: [
    { title: "slice from the start", inputs: [normal(4, 2)], build: (x) => slice(x, 0, 0, 3) },
    { title: "slice to the end", inputs: [normal(2, 4)], build: (x) => slice(x, 1, 2, 4) },
    { title: "slice in the middle", inputs: [normal(2, 4, 2)], build: (x) => slice(x, 1, 1, 3) },
    { title: "slice of one", inputs: [normal(5)], build: (x) => slice(x, 0, 4, 5) },
    { title: "slice of int32", inputs: [integers([3], [1, 2, 3])], build: (x) => slice(x, 0, 1, 3) },
  ],
  concat: [
    { title: "concat of rows", inputs: [normal(1, 2), normal(3, 2)], build: (x, y) => concat([x, y], 0) },
    { title: "concat of columns", inputs: [normal(2, 1), normal(2, 2), normal(2, 1)], build: (...x) => concat(x, 1) },
    { title: "concat with itself", inputs: [normal(2)], build: (x) => concat([x, x], 0) },
    { title: "concat in the middle", inputs: [normal(2, 1, 2), normal(2, 2, 2)], build: (x, y) => concat([x, y], 1) },
    {
      title: "concat of int32",
      inputs: [integers([2], [1, 2]), integers([1], [3])],
      build: (x, y) => concat([x, y], 0),
    },
  ],
} satisfies Record<string, readonly Case[]>;
