import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Graph } from "../../../../src/graph/index.js";
import { routingWeights } from "../../../../src/model/architectures/parts/experts.js";
import { assertClose } from "../../../support/compare.js";
import { evaluate } from "../../../support/reference.js";

/** Routing weights for rows of router scores. */
function weightsOf(rows: readonly (readonly number[])[], perToken: number, normalized: boolean): number[] {
  const graph = new Graph();
  const scores = graph.input("scores", "float32", [rows.length, rows[0]!.length]);
  const [weights] = evaluate([routingWeights(scores, { perToken, normalized })], { scores: rows.flat() });
  return Array.from(weights!);
}

const logs = (...values: number[]) => values.map((value) => Math.log(value));

describe("the weights of experts", () => {
  it("are the probabilities of the most probable experts and 0 for the others", () => {
    const rows = [logs(0.1, 0.4, 0.2, 0.3), logs(0.6, 0.1, 0.1, 0.2)];
    assertClose(weightsOf(rows, 2, false), [0, 0.4, 0, 0.3, 0.6, 0, 0, 0.2], 1e-6);
  });

  it("sum to 1 if normalized", () => {
    const rows = [logs(0.1, 0.4, 0.2, 0.3), logs(0.6, 0.1, 0.1, 0.2)];
    assertClose(weightsOf(rows, 2, true), [0, 4 / 7, 0, 3 / 7, 0.75, 0, 0, 0.25], 1e-6);
    assertClose(weightsOf(rows, 1, true), [0, 1, 0, 0, 1, 0, 0, 0], 1e-6);
  });

  it("go to the first of equally scored experts, so that no extra experts are chosen", () => {
    assertClose(weightsOf([[3, 3, 3, 3]], 2, true), [0.5, 0.5, 0, 0], 1e-6);
    assertClose(weightsOf([[1, 3, 3, 3]], 2, true), [0, 0.5, 0.5, 0], 1e-6);
  });

  it("equal the softmax if a token uses all experts, also for large scores", () => {
    assertClose(weightsOf([logs(0.1, 0.4, 0.2, 0.3)], 4, false), [0.1, 0.4, 0.2, 0.3], 1e-6);
    assert.deepEqual(weightsOf([[-1000, 1000, 0]], 3, true), [0, 1, 0]);
    assertClose(weightsOf([[-1000, 1000, 0]], 2, true), [0, 1, 0], 1e-6);
  });
});
