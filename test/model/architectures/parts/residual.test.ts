import { describe, it } from "node:test";
import { Graph, mul, type Value } from "../../../../src/graph/index.js";
import { parallelResidual, sequentialResidual } from "../../../../src/model/architectures/parts/residual.js";
import { assertClose } from "../../../support/compare.js";
import { evaluate } from "../../../support/reference.js";

const attention = (x: Value) => mul(x, 2);
const feedForward = (x: Value) => mul(x, x);

function resultOf(residual: typeof sequentialResidual): number[] {
  const x = new Graph().input("x", "float32", [2, 1]);
  return evaluate([residual(x, attention, feedForward)], { x: [1, -0.5] })[0]!;
}

describe("the residual stream", () => {
  it("gives the feed-forward the input plus attention if sequential", () => {
    // 3x + (3x)²
    assertClose(resultOf(sequentialResidual), [12, 0.75], 1e-12);
  });

  it("gives attention and feed-forward the same input if parallel", () => {
    // 3x + x²
    assertClose(resultOf(parallelResidual), [4, -1.25], 1e-12);
  });
});
