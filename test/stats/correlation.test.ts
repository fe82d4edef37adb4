import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { correlationOf } from "../../src/stats/correlation.js";

const near = (a: number | null, b: number) => assert.ok(a !== null && Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

describe("correlationOf", () => {
  it("is 1 on a rising line and −1 on a falling one", () => {
    const { n, pearson, spearman } = correlationOf([1, 2, 3], [10, 20, 30]);
    assert.equal(n, 3);
    near(pearson, 1);
    near(spearman, 1);
    near(correlationOf([1, 2, 3], [3, 2, 1]).pearson, -1);
  });

  it("has a rank correlation of 1 for any rising values, and equal values share a rank", () => {
    near(correlationOf([1, 2, 3, 4], [1, 10, 100, 1000]).spearman, 1);
    // Ranks 4, 1, 2.5, 2.5 against 4, 1, 2, 3.
    near(correlationOf([3, 1, 2, 2], [9, 1, 2, 3]).spearman, 4.5 / Math.sqrt(4.5 * 5));
  });

  it("refuses lists of different lengths and values that are not finite", () => {
    assert.throws(() => correlationOf([1, 2, 3, 4], [1, 2]), { message: "the correlation of 4 and 2 values" });
    assert.throws(() => correlationOf([1, NaN, 3], [2, 4, 7]), { message: /^value 2: found NaN/ });
    assert.throws(() => correlationOf([1, 2, 3], [2, 4, Infinity]), { message: /^value 3: found Infinity/ });
  });

  it("is null if one of the lists does not vary", () => {
    assert.deepEqual(correlationOf([1, 1], [1, 2]), { n: 2, pearson: null, spearman: null });
  });
});
