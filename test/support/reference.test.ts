import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpName } from "../../src/graph/attributes.js";
import * as b from "../../src/graph/build.js";
import type { DType, Shape } from "../../src/graph/tensor.js";
import { tensor } from "../../src/graph/tensor.js";
import { Graph, type Value } from "../../src/graph/value.js";
import { evaluate } from "./reference.js";

const graph = new Graph();
const feeds: Record<string, number[]> = {};

/** A leaf that is fed these numbers. */
function leaf(shape: Shape, data: number[], dtype: DType = "float32"): Value {
  const name = `x${Object.keys(feeds).length}`;
  feeds[name] = data;
  return graph.input(name, dtype, shape);
}

const index = (shape: Shape, data: number[]): Value => leaf(shape, data, "int32");

const row = leaf([3], [1, 2, 3]);
const matrix = leaf([2, 3], [1, 2, 3, 4, 5, 6]);
const square = leaf([2, 2], [1, 2, 3, 4]);
const box = leaf([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
/** 1, −2 and zeros, quantized to 8 and to 4 bits. */
const eights = leaf([1, 1, 32], [129, 126, ...new Array<number>(30).fill(128)], "uint8");
const fours = leaf([1, 1, 16], [9 + 16 * 6, ...new Array<number>(15).fill(8 + 16 * 8)], "uint8");
const half = leaf([1, 1], [0.5]);
const ones = leaf([1, 32], new Array<number>(32).fill(1).with(1, 3));
const dequantizedByHand = [0.5, -1, ...new Array<number>(30).fill(0)];
const yesNo = leaf([2], [1, 0], "bool");
feeds.kept = [7, 8];

/** Values worked out by hand. */
const examples: Readonly<Record<OpName, readonly (readonly [Value, readonly number[]])[]>> = {
  input: [[row, [1, 2, 3]]],
  state: [[graph.state("kept", "float32", [2]), [7, 8]]],
  constant: [[graph.constant(tensor([2], Float32Array.of(0.5, -4))), [0.5, -4]]],
  neg: [[b.neg(row), [-1, -2, -3]]],
  exp: [[b.exp(leaf([2], [0, 1])), [1, Math.E]]],
  log: [[b.log(leaf([2], [1, Math.E])), [0, 1]]],
  sqrt: [[b.sqrt(leaf([2], [4, 2])), [2, Math.SQRT2]]],
  sigmoid: [[b.sigmoid(leaf([3], [0, Math.log(3), -Math.log(3)])), [0.5, 0.75, 0.25]]],
  softplus: [[b.softplus(leaf([2], [0, Math.log(3)])), [Math.LN2, Math.log(4)]]],
  silu: [[b.silu(leaf([2], [0, Math.log(3)])), [0, 0.75 * Math.log(3)]]],
  // Abramowitz & Stegun, table 7.1; erf(−x) = −erf(x).
  erf: [[b.erf(leaf([5], [0, 0.5, -1, 2, 7])), [0, 0.5204998778130465, -0.8427007929497149, 0.9953222650189527, 1]]],
  add: [
    [b.add(matrix, row), [2, 4, 6, 5, 7, 9]],
    [b.add(leaf([2, 1], [10, 20]), row), [11, 12, 13, 21, 22, 23]],
  ],
  sub: [[b.sub(row, 1), [0, 1, 2]]],
  mul: [[b.mul(matrix, row), [1, 4, 9, 4, 10, 18]]],
  div: [[b.div(row, 2), [0.5, 1, 1.5]]],
  maximum: [
    [b.maximum(row, 2), [2, 2, 3]],
    [b.minimum(row, 2), [1, 2, 2]],
  ],
  less: [[b.less(row, 2), [1, 0, 0]]],
  where: [[b.where(yesNo, leaf([2, 1], [1, 2]), 9), [1, 9, 2, 9]]],
  cast: [
    [b.cast(leaf([3], [-2.5, 0.9, 3]), "int32"), [-2, 0, 3]],
    [b.cast(leaf([3], [-2.5, 0, 3]), "bool"), [1, 0, 1]],
    [b.cast(yesNo, "float32"), [1, 0]],
  ],
  stopGradient: [[b.stopGradient(row), [1, 2, 3]]],
  checkpoint: [
    [b.checkpoint(row), [1, 2, 3]],
    [b.checkpoint(row, [matrix]), [1, 2, 3]],
  ],
  recomputed: [[b.recomputed([row], (x) => b.mul(x, 2)), [2, 4, 6]]],
  matmul: [
    [b.matmul(matrix, matrix, { transposeB: true }), [14, 32, 32, 77]],
    [b.matmul(matrix, matrix, { transposeA: true }), [17, 22, 27, 22, 29, 36, 27, 36, 45]],
    [b.matmul(square, matrix, { scale: 0.5 }), [4.5, 6, 7.5, 9.5, 13, 16.5]],
    [b.matmul(box, box), [7, 10, 15, 22, 67, 78, 91, 106]],
    [b.matmul(square, square, { transposeA: true, transposeB: true }), [7, 15, 10, 22]],
  ],
  matmulQuantized: [
    [b.matmulQuantized(ones, eights, half, 8), [0.5 - 3]],
    [b.matmulQuantized(ones, fours, half, 4), [0.5 - 3]],
  ],
  dequantize: [
    [b.dequantize(eights, half, 8), dequantizedByHand],
    [b.dequantize(fours, half, 4), dequantizedByHand],
  ],
  sum: [
    [b.sum(matrix), [21]],
    [b.sum(matrix, [0]), [5, 7, 9]],
    [b.sum(box, [0, 2]), [14, 22]],
    [b.sum(box, [1], true), [4, 6, 12, 14]],
  ],
  reshape: [[b.reshape(matrix, [3, 2]), [1, 2, 3, 4, 5, 6]]],
  transpose: [
    [b.transpose(matrix, [1, 0]), [1, 4, 2, 5, 3, 6]],
    // Axis 2 comes first: element [i, j, k] is box[j, k, i].
    [b.transpose(box, [2, 0, 1]), [1, 3, 5, 7, 2, 4, 6, 8]],
  ],
  broadcast: [[b.broadcast(leaf([2, 1], [1, 2]), [2, 2]), [1, 1, 2, 2]]],
  slice: [
    [b.slice(matrix, 1, 1, 3), [2, 3, 5, 6]],
    [b.slice(matrix, 0, 1, 2), [4, 5, 6]],
  ],
  concat: [
    [b.concat([square, leaf([2, 1], [8, 9])], 1), [1, 2, 8, 3, 4, 9]],
    [b.concat([row, row], 0), [1, 2, 3, 1, 2, 3]],
  ],
  gather: [
    [b.gather(matrix, index([2], [1, 1])), [4, 5, 6, 4, 5, 6]],
    [b.gather(row, index([2, 1], [2, 0])), [3, 1]],
  ],
  gatherElements: [
    [b.gatherElements(matrix, index([2, 1], [2, 0]), 1), [3, 4]],
    [b.gatherElements(matrix, index([1, 3], [1, 0, 1]), 0), [4, 2, 6]],
  ],
  scatterAdd: [
    [b.scatterAdd(matrix, index([2, 2], [0, 0, 2, 1]), leaf([2, 2], [10, 20, 30, 40]), 1), [31, 2, 3, 4, 45, 36]],
  ],
  readAt: [
    [b.readAt(box, index([2], [1, 0])), [3, 4, 5, 6]],
    [b.readAt(matrix, index([], [1])), [4, 5, 6]],
  ],
  writeAt: [[b.writeAt(box, index([2], [1, 0]), leaf([2, 2], [-1, -2, -3, -4])), [1, 2, -1, -2, -3, -4, 7, 8]]],
  softmax: [[b.softmax(leaf([2, 2], [0, Math.log(3), 1000, 1000])), [0.25, 0.75, 0.5, 0.5]]],
  logSoftmax: [
    [b.logSoftmax(leaf([2, 2], [0, Math.log(3), 1000, 1000])), [-Math.log(4), Math.log(0.75), -Math.LN2, -Math.LN2]],
  ],
  logSoftmaxAt: [
    [b.logSoftmaxAt(leaf([2, 2], [0, Math.log(3), 1000, 1000]), index([2], [1, 0])), [Math.log(0.75), -Math.LN2]],
  ],
  // mean(x²) + ε = 25/2 + 3.5 = 4².
  rmsNorm: [[b.rmsNorm(leaf([2], [3, 4]), leaf([2], [8, -4]), 3.5), [6, -4]]],
  // The mean is 5, and var(x) + ε = 4 + 5 = 3².
  layerNorm: [[b.layerNorm(leaf([2], [3, 7]), leaf([2], [3, 6]), leaf([2], [10, -4]), 5), [8, 0]]],
  // A quarter turn of the first pair (1, 3) and none of the second (2, 4); one half has the first elements, the other the second.
  rotary: [
    [
      b.rotary(
        leaf([1, 1, 1, 4], [1, 2, 3, 4]),
        index([1, 1], [1]),
        leaf([2, 2], [1, 1, 0, 1]),
        leaf([2, 2], [0, 0, 1, 0]),
      ),
      [-3, 2, 1, 4],
    ],
  ],
};

describe("the reference gives values worked out by hand", () => {
  for (const [op, table] of Object.entries(examples)) {
    it(op, () => {
      for (const [value, expected] of table) {
        const [found] = evaluate([value], feeds);
        assert.equal(found!.length, expected.length);
        const close = found!.every((x, i) => Math.abs(x - expected[i]!) <= 1e-14 * Math.abs(x) + 1e-15);
        assert.ok(close, `[${found}], not [${expected}]`);
      }
    });
  }
});

describe("evaluate", () => {
  it("refuses a leaf that is fed fewer numbers than it has elements", () => {
    const x = graph.input("missing", "float32", [2, 2]);
    assert.throws(() => evaluate([x], {}), /^RangeError: missing: \[2,2\] is fed 0 numbers$/);
    assert.throws(() => evaluate([x], { missing: [1, 2, 3] }), /^RangeError: missing: \[2,2\] is fed 3 numbers$/);
  });

  it("refuses an index outside the axis", () => {
    for (const i of [-1, 2]) {
      assert.throws(
        () => evaluate([b.gather(matrix, index([1], [i]))], feeds),
        /^RangeError: .* is not within \[2,3\]$/,
      );
    }
  });
});
