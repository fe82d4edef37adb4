import { add, cast, mul } from "../../../src/graph/build.js";
import { tensor } from "../../../src/graph/tensor.js";
import type { Case } from "./case.js";
import { bits, integers, kept, normal } from "./case.js";

const row = tensor([3], Float32Array.of(-1.5, 0, 2));

export const leaves = {
  input: [
    { title: "a float input", inputs: [normal(2, 3)], build: (x) => x },
    { title: "a float scalar input", inputs: [normal()], build: (x) => x },
    { title: "an int32 input", inputs: [integers([3], [-7, 0, 70000])], build: (x) => x },
    { title: "a bool input", inputs: [bits([2], [0, 1])], build: (x) => x },
  ],
  state: [
    { title: "a float state", inputs: [kept(normal(2, 3))], build: (x) => x },
    { title: "an input and a state", inputs: [normal(3), kept(normal(2, 3))], build: (x, kept) => mul(kept, x) },
    { title: "an int32 state", inputs: [kept(integers([2], [5, -5]))], build: (x) => x },
  ],
  constant: [
    { title: "a scalar constant", inputs: [normal(2)], build: (x) => add(x, 0.1) },
    { title: "a row of constants", inputs: [normal(2, 3)], build: (x) => mul(x, x.graph.constant(row)) },
    { title: "a constant alone", inputs: [normal(1)], build: (x) => x.graph.constant(row) },
    {
      title: "an int32 constant",
      inputs: [normal(1)],
      build: (x) => x.graph.constant({ dtype: "int32", shape: [2], data: Int32Array.of(3, -4) }),
    },
    {
      title: "a bool constant",
      inputs: [normal(2)],
      build: (x) => mul(x, cast(x.graph.constant({ dtype: "bool", shape: [2], data: Uint8Array.of(0, 1) }), "float32")),
    },
  ],
} satisfies Record<string, readonly Case[]>;
