import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpName } from "../../src/graph/attributes.js";
import * as b from "../../src/graph/build.js";
import { broadcastShapes, tensor, type DType, type Shape } from "../../src/graph/tensor.js";
import { Graph, type Value } from "../../src/graph/value.js";

const graph = new Graph();
const f = (...shape: number[]): Value => graph.input("f", "float32", shape);
const i = (...shape: number[]): Value => graph.input("i", "int32", shape);
const u = (...shape: number[]): Value => graph.input("u", "uint8", shape);
const bool = (...shape: number[]): Value => graph.input("b", "bool", shape);

type Result = readonly [value: Value, shape: Shape, dtype?: DType];
type Mistake = readonly [build: () => unknown, message: string];

/** The result shapes of each op; the type is float32 unless given. */
const results: readonly Result[] = [
  [b.add(f(2, 1, 3), f(4, 1)), [2, 4, 3]],
  [b.mul(f(), f(2)), [2]],
  [b.less(f(2, 1), f(3)), [2, 3], "bool"],
  [b.where(bool(2, 1), f(3), f(4, 1, 1)), [4, 2, 3]],
  [b.cast(f(2), "int32"), [2], "int32"],
  [b.stopGradient(i(2)), [2], "int32"],
  [b.checkpoint(i(2)), [2], "int32"],
  [b.checkpoint(f(2), [f(3, 4)]), [2]],
  [b.recomputed([f(2, 3)], (x) => b.sum(x, [1])), [2]],
  [b.matmul(f(5, 2, 3), f(5, 3, 4)), [5, 2, 4]],
  [b.matmul(f(3, 2), f(4, 3), { transposeA: true, transposeB: true }), [2, 4]],
  [b.sum(f(2, 3, 4), [0, -1]), [3]],
  [b.sum(f(2, 3, 4), [0, -1], true), [1, 3, 1]],
  [b.sum(f(2, 3)), []],
  [b.reshape(i(2, 6), [3, -1]), [3, 4], "int32"],
  [b.reshape(f(1), []), []],
  [b.transpose(f(2, 3, 4), [2, 0, 1]), [4, 2, 3]],
  [b.broadcast(bool(2, 1), [3, 2, 4]), [3, 2, 4], "bool"],
  [b.slice(f(2, 5), 1, 1, 4), [2, 3]],
  [b.concat([i(2, 1), i(2, 3)], 1), [2, 4], "int32"],
  [b.gather(f(5, 3), i(2, 2)), [2, 2, 3]],
  [b.gather(i(5), i()), [], "int32"],
  [b.gatherElements(f(2, 5), i(2, 3), 1), [2, 3]],
  [b.scatterAdd(f(2, 5), i(2, 3), f(2, 3), 1), [2, 5]],
  [b.matmulQuantized(f(2, 64), u(3, 2, 16), f(3, 2), 4), [2, 3]],
  [b.dequantize(u(3, 2, 32), f(3, 2), 8), [3, 64]],
  [b.readAt(f(2, 4, 3), i(2)), [2, 3]],
  [b.writeAt(f(2, 4, 3), i(2), f(2, 3)), [2, 4, 3]],
  [b.softmax(f(2, 3)), [2, 3]],
  [b.rmsNorm(f(2, 3), f(3), 1e-5), [2, 3]],
  [b.layerNorm(f(2, 3), f(3), f(3), 1e-5), [2, 3]],
  [b.rotary(f(2, 4, 3, 6), i(2, 3), f(9, 3), f(9, 3)), [2, 4, 3, 6]],
];

/** Mistakes that each op refuses. The ops that are not listed (cast, stopGradient) accept everything. */
const mistakes: Readonly<Record<Exclude<OpName, "cast" | "stopGradient">, readonly Mistake[]>> = {
  input: [[() => f(2, -1), "input(): [2,-1] is not a shape"]],
  state: [[() => graph.state("s", "float32", [0.5]), "state(): [0.5] is not a shape"]],
  constant: [
    [
      () => graph.constant({ dtype: "int32", shape: [3], data: Int32Array.of(1, 2) }),
      "constant(): int32[3] has 3 elements, got 2",
    ],
  ],
  neg: [[() => b.neg(i(2)), "neg(int32[2]): needs float32, got int32"]],
  exp: [[() => b.exp(i(2)), "exp(int32[2]): needs float32, got int32"]],
  log: [[() => b.log(i(2)), "log(int32[2]): needs float32, got int32"]],
  sqrt: [[() => b.sqrt(i(2)), "sqrt(int32[2]): needs float32, got int32"]],
  sigmoid: [[() => b.sigmoid(bool()), "sigmoid(bool[]): needs float32, got bool"]],
  softplus: [[() => b.softplus(i(2)), "softplus(int32[2]): needs float32, got int32"]],
  silu: [[() => b.silu(i(2)), "silu(int32[2]): needs float32, got int32"]],
  erf: [[() => b.erf(i(2)), "erf(int32[2]): needs float32, got int32"]],
  add: [
    [() => b.add(f(2), f(3)), "add(float32[2], float32[3]): shapes [2] and [3] do not broadcast"],
    [() => b.add(f(2), i(2)), "add(float32[2], int32[2]): needs float32, got int32"],
  ],
  sub: [[() => b.sub(f(2, 3), f(2)), "sub(float32[2,3], float32[2]): shapes [2,3] and [2] do not broadcast"]],
  mul: [[() => b.mul(i(2), f(2)), "mul(int32[2], float32[2]): needs float32, got int32"]],
  div: [[() => b.div(f(2), f(3)), "div(float32[2], float32[3]): shapes [2] and [3] do not broadcast"]],
  maximum: [[() => b.maximum(f(2), f(3)), "maximum(float32[2], float32[3]): shapes [2] and [3] do not broadcast"]],
  less: [
    [() => b.less(i(2), 1), "less(int32[2], float32[]): needs int32, got float32"],
    [() => b.less(bool(2), bool(2)), "less(bool[2], bool[2]): needs float32 or int32, got bool"],
  ],
  where: [
    [() => b.where(f(2), f(2), 0), "where(float32[2], float32[2], float32[]): needs bool, got float32"],
    [() => b.where(bool(2), f(3), 0), "where(bool[2], float32[3], float32[]): shapes [2] and [3] do not broadcast"],
  ],
  recomputed: [
    [() => graph.value("recomputed", [f(2)], {}), "recomputed(float32[2]): needs what the result is made of"],
  ],
  checkpoint: [
    [() => b.checkpoint(f(2), [i(2)]), "checkpoint(float32[2], int32[2]): needs float32, got int32"],
    [() => b.checkpoint(f(2), [f(0)]), "checkpoint(float32[2], float32[0]): cannot wait for a value without elements"],
  ],
  matmul: [
    [() => b.matmul(f(2, 3), f(2, 3)), "matmul(float32[2,3], float32[2,3]): inner sizes differ: 3 and 2"],
    [() => b.matmul(f(3), f(3)), "matmul(float32[3], float32[3]): needs two values of one rank, at least 2"],
    [
      () => b.matmul(f(4, 2, 3), f(3, 2)),
      "matmul(float32[4,2,3], float32[3,2]): needs two values of one rank, at least 2",
    ],
    [() => b.matmul(f(4, 2, 3), f(1, 3, 2)), "matmul(float32[4,2,3], float32[1,3,2]): leading axes differ"],
    [() => b.matmul(f(2, 3), i(3, 2)), "matmul(float32[2,3], int32[3,2]): needs float32, got int32"],
  ],
  matmulQuantized: [
    [
      () => b.matmulQuantized(f(2, 32), i(3, 1, 32), f(3, 1), 8),
      "matmulQuantized(float32[2,32], int32[3,1,32], float32[3,1]): needs uint8, got int32",
    ],
    [
      () => b.matmulQuantized(f(2, 32), u(3, 1, 32), f(3, 1), 4),
      "matmulQuantized(float32[2,32], uint8[3,1,32], float32[3,1]): needs blocks of 16 bytes",
    ],
    [
      () => b.matmulQuantized(f(2, 33), u(3, 1, 32), f(3, 1), 8),
      "matmulQuantized(float32[2,33], uint8[3,1,32], float32[3,1]): inner sizes differ: 33 and 32",
    ],
    [
      () => b.matmulQuantized(f(1, 2, 32), u(3, 1, 32), f(3, 1), 8),
      "matmulQuantized(float32[1,2,32], uint8[3,1,32], float32[3,1]): needs two matrices",
    ],
  ],
  dequantize: [
    [
      () => b.dequantize(u(3, 2, 32), f(3, 1), 8),
      "dequantize(uint8[3,2,32], float32[3,1]): needs a scale for each block",
    ],
  ],
  sum: [
    [() => b.sum(f(2, 3), [2]), "sum(float32[2,3]): axes [2] are not all there"],
    [() => b.sum(f(2, 3), [1, -1]), "sum(float32[2,3]): axes [1,1] repeat"],
    [() => b.sum(i(2)), "sum(int32[2]): needs float32, got int32"],
  ],
  reshape: [
    [() => b.reshape(f(2, 3), [4]), "reshape(float32[2,3]): [4] does not hold as many elements"],
    [() => b.reshape(f(2, 3), [4, -1]), "reshape(float32[2,3]): [4,1.5] is not a shape"],
    [() => b.reshape(f(2, 3), [-2, -3]), "reshape(float32[2,3]): [-2,-3] is not a shape"],
    [() => b.reshape(f(2, 3), [-1, -1]), "reshape(float32[2,3]): [6,6] does not hold as many elements"],
  ],
  transpose: [
    [() => b.transpose(f(2, 3), [1, 1]), "transpose(float32[2,3]): [1,1] is no permutation of the axes"],
    [() => b.transpose(f(2, 3), [0]), "transpose(float32[2,3]): [0] is no permutation of the axes"],
  ],
  broadcast: [
    [() => b.broadcast(f(3), [1]), "broadcast(float32[3]): does not fill [1]"],
    [() => b.broadcast(f(3), [3, 2]), "broadcast(float32[3]): shapes [3] and [3,2] do not broadcast"],
    [() => graph.full([-1], 0), "broadcast(float32[]): [-1] is not a shape"],
  ],
  slice: [
    [() => b.slice(f(2, 3), 2, 0, 1), "slice(float32[2,3]): axis 2 is not there"],
    [() => b.slice(f(2, 3), 1, 1, 4), "slice(float32[2,3]): 1…4 is not within the axis"],
    [() => b.slice(f(2, 3), 1, 2, 2), "slice(float32[2,3]): 2…2 is not within the axis"],
    [() => b.slice(f(2, 3), 1, -1, 2), "slice(float32[2,3]): -1…2 is not within the axis"],
  ],
  concat: [
    [() => b.concat([f(2, 3), f(3, 3)], 1), "concat(float32[2,3], float32[3,3]): the other axes differ"],
    [() => b.concat([f(2, 3), f(2)], 1), "concat(float32[2,3], float32[2]): the other axes differ"],
    [() => b.concat([f(2), i(2)], 0), "concat(float32[2], int32[2]): needs float32, got int32"],
    [() => b.concat([f(2), f(2)], 1), "concat(float32[2], float32[2]): axis 1 is not there"],
    [() => b.concat([], 0), "concat: needs a part with elements"],
  ],
  gather: [
    [() => b.gather(f(2, 3), f(2)), "gather(float32[2,3], float32[2]): needs int32, got float32"],
    [() => b.gather(f(), i(2)), "gather(float32[], int32[2]): needs a table with rows"],
  ],
  gatherElements: [
    [
      () => b.gatherElements(f(2, 3), i(3, 1), 1),
      "gatherElements(float32[2,3], int32[3,1]): data and index differ beside the axis",
    ],
    [
      () => b.gatherElements(f(2, 3), i(2), 1),
      "gatherElements(float32[2,3], int32[2]): data and index differ beside the axis",
    ],
    [() => b.gatherElements(f(2, 3), i(2, 3), 2), "gatherElements(float32[2,3], int32[2,3]): axis 2 is not there"],
    [() => b.gatherElements(f(2), f(2), 0), "gatherElements(float32[2], float32[2]): needs int32, got float32"],
  ],
  scatterAdd: [
    [
      () => b.scatterAdd(f(2, 3), i(2, 1), f(2, 2), 1),
      "scatterAdd(float32[2,3], int32[2,1], float32[2,2]): index and updates have different shapes",
    ],
    [() => b.scatterAdd(f(2), i(1), i(1), 0), "scatterAdd(float32[2], int32[1], int32[1]): needs float32, got int32"],
  ],
  readAt: [
    [() => b.readAt(f(2, 4, 3), i(3)), "readAt(float32[2,4,3], int32[3]): index does not match data's leading axes"],
    [() => b.readAt(f(2), i()), "readAt(float32[2], int32[]): index does not match data's leading axes"],
    [() => b.readAt(f(2, 4, 3), f(2)), "readAt(float32[2,4,3], float32[2]): needs int32, got float32"],
  ],
  writeAt: [
    [
      () => b.writeAt(f(2, 4, 3), i(2), f(2, 4)),
      "writeAt(float32[2,4,3], int32[2], float32[2,4]): rows do not fit data and index",
    ],
    [
      () => b.writeAt(f(2, 4, 3), i(2), i(2, 3)),
      "writeAt(float32[2,4,3], int32[2], int32[2,3]): needs float32, got int32",
    ],
  ],
  softmax: [
    [() => b.softmax(f()), "softmax(float32[]): needs an axis"],
    [() => b.softmax(i(2)), "softmax(int32[2]): needs float32, got int32"],
  ],
  logSoftmax: [[() => b.logSoftmax(f()), "logSoftmax(float32[]): needs an axis"]],
  logSoftmaxAt: [
    [() => b.logSoftmaxAt(f(2, 3), i(3)), "logSoftmaxAt(float32[2,3], int32[3]): needs rows, and an index for each"],
    [() => b.logSoftmaxAt(f(2, 3), f(2)), "logSoftmaxAt(float32[2,3], float32[2]): needs int32, got float32"],
  ],
  rmsNorm: [
    [() => b.rmsNorm(f(2, 3), f(2), 1e-5), "rmsNorm(float32[2,3], float32[2]): the weight is not one row of x"],
    [() => b.rmsNorm(f(), f(), 1e-5), "rmsNorm(float32[], float32[]): needs an axis"],
    [() => b.rmsNorm(f(3), i(3), 1e-5), "rmsNorm(float32[3], int32[3]): needs float32, got int32"],
  ],
  layerNorm: [
    [
      () => b.layerNorm(f(2, 3), f(2), f(2), 1e-5),
      "layerNorm(float32[2,3], float32[2], float32[2]): the weight is not one row of x",
    ],
    [
      () => b.layerNorm(f(2, 3), f(3), f(1), 1e-5),
      "layerNorm(float32[2,3], float32[3], float32[1]): the bias is not one row of x",
    ],
    [() => b.layerNorm(f(), f(), f(), 1e-5), "layerNorm(float32[], float32[], float32[]): needs an axis"],
    [
      () => b.layerNorm(f(3), f(3), i(3), 1e-5),
      "layerNorm(float32[3], float32[3], int32[3]): needs float32, got int32",
    ],
  ],
  rotary: [
    [
      () => b.rotary(f(3, 4), i(3), f(9, 2), f(9, 2)),
      "rotary(float32[3,4], int32[3], float32[9,2], float32[9,2]): needs [batch, heads, length, size]",
    ],
    [
      () => b.rotary(f(1, 2, 3, 4), i(3), f(9, 2), f(9, 2)),
      "rotary(float32[1,2,3,4], int32[3], float32[9,2], float32[9,2]): position is not [batch, length]",
    ],
    [
      () => b.rotary(f(1, 2, 3, 4), i(1, 3), f(9, 4), f(9, 4)),
      "rotary(float32[1,2,3,4], int32[1,3], float32[9,4], float32[9,4]): the tables are not [positions, size/2]",
    ],
    [
      () => b.rotary(f(1, 2, 3, 4), i(1, 3), f(9, 2), f(8, 2)),
      "rotary(float32[1,2,3,4], int32[1,3], float32[9,2], float32[8,2]): the tables differ in shape",
    ],
    [
      () => b.rotary(f(1, 2, 3, 4), i(1, 3), f(9, 2), i(9, 2)),
      "rotary(float32[1,2,3,4], int32[1,3], float32[9,2], int32[9,2]): needs float32, got int32",
    ],
  ],
};

describe("shape rules", () => {
  for (const [{ op, inputs, shape, dtype }, expected, type = "float32"] of results) {
    it(`${op}(${inputs.map((input) => `[${input.shape}]`).join(", ")}) is ${type}[${expected}]`, () => {
      assert.deepEqual([dtype, shape], [type, expected]);
    });
  }
});

describe("mistakes are reported with the op and the shapes", () => {
  for (const [op, refused] of Object.entries(mistakes)) {
    it(op, () => {
      for (const [build, message] of refused) assert.throws(build, { name: "Error", message });
    });
  }
});

describe("broadcastShapes", () => {
  it("is symmetric and aligns the last axes", () => {
    for (const [left, right, both] of [
      [[], [2, 3], [2, 3]],
      [[3], [2, 3], [2, 3]],
      [
        [2, 1],
        [1, 3],
        [2, 3],
      ],
      [[0], [1], [0]],
      [
        [4, 1, 1],
        [2, 3],
        [4, 2, 3],
      ],
    ] as const) {
      assert.deepEqual(broadcastShapes(left, right), both);
      assert.deepEqual(broadcastShapes(right, left), both);
    }
    assert.throws(() => broadcastShapes([0], [2]), /^RangeError: shapes \[0\] and \[2\] do not broadcast$/);
  });
});

describe("tensor", () => {
  it("throws a RangeError if the data does not fill the shape", () => {
    assert.throws(
      () => tensor([2, 2], new Float32Array(3)),
      /^RangeError: a tensor of shape \[2,2\] has 4 elements, got 3$/,
    );
  });
});
