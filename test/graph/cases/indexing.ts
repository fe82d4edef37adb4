import { gather, gatherElements, readAt, scatterAdd, writeAt } from "../../../src/graph/build.js";
import type { Case } from "./case.js";
import { integers, normal } from "./case.js";

export const indexing = {
  gather: [
    { title: "gather of rows", inputs: [normal(4, 2), integers([3], [3, 0, 1])], build: gather },
    { title: "gather of a row several times", inputs: [normal(3, 2), integers([2, 2], [1, 1, 2, 1])], build: gather },
    { title: "gather of one row", inputs: [normal(3, 2), integers([], [2])], build: gather },
    { title: "gather of numbers", inputs: [normal(4), integers([2, 2], [0, 3, 3, 1])], build: gather },
    { title: "gather of matrices", inputs: [normal(2, 2, 2), integers([3], [1, 0, 1])], build: gather },
    { title: "gather of int32", inputs: [integers([3], [7, 8, 9]), integers([2], [2, 0])], build: gather },
  ],
  gatherElements: [
    {
      title: "gatherElements of each row's token",
      inputs: [normal(2, 4), integers([2, 1], [3, 0])],
      build: (x, i) => gatherElements(x, i, 1),
    },
    {
      title: "gatherElements of an element several times",
      inputs: [normal(2, 2), integers([2, 3], [1, 1, 0, 0, 0, 0])],
      build: (x, i) => gatherElements(x, i, 1),
    },
    {
      title: "gatherElements along the first axis",
      inputs: [normal(3, 2), integers([2, 2], [2, 0, 2, 1])],
      build: (x, i) => gatherElements(x, i, 0),
    },
    {
      title: "gatherElements along the middle axis",
      inputs: [normal(2, 3, 2), integers([2, 1, 2], [2, 0, 1, 1])],
      build: (x, i) => gatherElements(x, i, 1),
    },
  ],
  scatterAdd: [
    {
      title: "scatterAdd of rows, some repeated",
      inputs: [normal(3, 2), integers([4, 2], [1, 1, 1, 1, 0, 2, 1, 0]), normal(4, 2)],
      build: (data, i, updates) => scatterAdd(data, i, updates, 0),
    },
    {
      title: "scatterAdd along the last axis, all to one place",
      inputs: [normal(2, 3), integers([2, 3], [2, 2, 2, 0, 0, 0]), normal(2, 3)],
      build: (data, i, updates) => scatterAdd(data, i, updates, 1),
    },
    {
      title: "scatterAdd along the middle axis",
      inputs: [normal(2, 3, 2), integers([2, 1, 2], [2, 0, 1, 1]), normal(2, 1, 2)],
      build: (data, i, updates) => scatterAdd(data, i, updates, 1),
    },
  ],
  readAt: [
    { title: "readAt", inputs: [normal(3, 4, 2), integers([3], [3, 0, 3])], build: readAt },
    { title: "readAt, two leading axes", inputs: [normal(2, 2, 3, 2), integers([2, 2], [2, 0, 1, 1])], build: readAt },
    { title: "readAt, no leading axis", inputs: [normal(3, 2), integers([], [1])], build: readAt },
    { title: "readAt of int32", inputs: [integers([2, 2, 1], [5, 6, 7, 8]), integers([2], [1, 0])], build: readAt },
  ],
  writeAt: [
    { title: "writeAt", inputs: [normal(3, 4, 2), integers([3], [3, 0, 3]), normal(3, 2)], build: writeAt },
    {
      title: "writeAt, two leading axes",
      inputs: [normal(2, 2, 3, 2), integers([2, 2], [2, 0, 1, 1]), normal(2, 2, 2)],
      build: writeAt,
    },
    { title: "writeAt, no leading axis", inputs: [normal(3, 2), integers([], [1]), normal(2)], build: writeAt },
    {
      title: "writeAt of int32",
      inputs: [integers([2, 2, 1], [5, 6, 7, 8]), integers([2], [1, 0]), integers([2, 1], [9, 10])],
      build: writeAt,
    },
  ],
} satisfies Record<string, readonly Case[]>;
