import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sameRank } from "../../../src/align/losses/same-rank.js";
import { gradients, Graph, mul, sum } from "../../../src/graph/index.js";
import { Random } from "../../../src/base/random.js";
import { evaluate } from "../../support/reference.js";

/** Computes sameRank(x, y), and the gradients of Σ i·sameRank_i by x and y. */
function picked(x: number[], y: number[], weight: number[]): number[][] {
  const graph = new Graph();
  const leaf = (name: string) => graph.input(name, "float32", [x.length]);
  const result = sameRank(leaf("x"), leaf("y"), leaf("weight"));
  const [byX, byY] = gradients(sum(mul(result, leaf("factor"))), [leaf("x"), leaf("y")]);
  return evaluate([result, byX!, byY!], { x, y, weight, factor: x.map((_, i) => i) });
}

describe("sameRank", () => {
  it("pairs each x with the y of the same rank, as sorting both does", () => {
    const random = Random.seeded(3);
    for (const count of [1, 2, 7, 16]) {
      const x = Array.from({ length: count }, () => random.normal());
      const y = Array.from({ length: count }, () => random.normal());
      const [found] = picked(
        x,
        y,
        x.map(() => 1 / count),
      );
      const [inX, inY] = [x.toSorted((a, b) => a - b), y.toSorted((a, b) => a - b)];
      assert.deepEqual(
        found,
        x.map((value) => inY[inX.indexOf(value)]),
      );
    }
  });

  it("ranks equal numbers by position, and padding last", () => {
    const [found] = picked([5, -1, 5, 0, 0], [3, 1e6, -2, -9, 0], [1, 1, 1, 0, 0]);
    assert.deepEqual(found!.slice(0, 3), [3, -2, 1e6]);
  });

  it("passes the gradient only to the picked numbers of y", () => {
    const [, byX, byY] = picked([30, 10, 20], [1, 3, 2], [1, 1, 1]);
    assert.deepEqual(byX, [0, 0, 0]);
    // Positions 0, 1 and 2 of x have ranks 2, 0 and 1, which are positions 1, 0 and 2 of y.
    assert.deepEqual(byY, [1, 0, 2]);
  });
});
