import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  gelu,
  geluTanh,
  logSigmoid,
  logSoftmax,
  sigmoid,
  silu,
  softmax,
  softplus,
  sum,
} from "../../src/graph/build.js";
import { gradients } from "../../src/graph/gradient.js";
import { Graph, type Value } from "../../src/graph/value.js";
import { evaluate } from "../support/reference.js";

const far = [-1000, -90, 0, 90, 1000];

/** Values and derivatives at `far`. */
function at(op: (x: Value) => Value): [values: number[], derivatives: number[]] {
  const x = new Graph().input("x", "float32", [far.length]);
  const y = op(x);
  return evaluate([y, ...gradients(sum(y), [x])], { x: far }) as [number[], number[]];
}

function assertClose(found: readonly number[], expected: readonly number[]): void {
  found.forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) <= 1e-12, `[${found}], not [${expected}]`));
}

describe("far from 0", () => {
  it("softplus is x or 0, and its derivative is 1 or 0", () => {
    const [values, derivatives] = at(softplus);
    assertClose(values, [0, 0, Math.LN2, 90, 1000]);
    assertClose(derivatives, [0, 0, 0.5, 1, 1]);
  });

  it("logSigmoid is x or 0, and its derivative is 1 or 0", () => {
    const [values, derivatives] = at(logSigmoid);
    assertClose(values, [-1000, -90, -Math.LN2, 0, 0]);
    assertClose(derivatives, [1, 1, 0.5, 0, 0]);
  });

  it("sigmoid, silu and their derivatives stay finite", () => {
    const [values, derivatives] = at(sigmoid);
    assertClose(values, [0, 0, 0.5, 1, 1]);
    assertClose(derivatives, [0, 0, 0.25, 0, 0]);
    const [products, slopes] = at(silu);
    assertClose(products, [0, 0, 0, 90, 1000]);
    assertClose(slopes, [0, 0, 0.5, 1, 1]);
  });

  it("gelu and its approximation are x or 0, and their derivatives are 1 or 0", () => {
    for (const op of [gelu, geluTanh]) {
      const [values, derivatives] = at(op);
      assertClose(values, [0, 0, 0, 90, 1000]);
      assertClose(derivatives, [0, 0, 0.5, 1, 1]);
    }
  });

  it("softmax and logSoftmax stay finite", () => {
    const [shares] = at(softmax);
    assertClose(shares, [0, 0, 0, 0, 1]);
    const [logs, derivatives] = at(logSoftmax);
    assertClose(logs, [-2000, -1090, -1000, -910, 0]);
    assertClose(derivatives, [1, 1, 1, 1, 1 - far.length]);
  });
});
