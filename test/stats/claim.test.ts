import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimRow } from "../../src/stats/claim.js";

describe("claimRow", () => {
  it("derives the verdict from the interval", () => {
    const verdict = (low: number, high: number, least?: number) =>
      claimRow("a above b", { mean: (low + high) / 2, low, high }, least).verdict;
    assert.equal(verdict(0.01, 0.03), "holds");
    assert.equal(verdict(-0.03, -0.01), "does not hold");
    assert.equal(verdict(-0.01, 0.03), "cannot be told");
    // An interval that ends exactly at 0 is no evidence.
    assert.equal(verdict(0, 0.03), "cannot be told");
    assert.equal(verdict(-0.03, 0), "cannot be told");
  });

  it("compares with 0, or with a given threshold below or above 0", () => {
    const figure = { mean: 0, low: -0.01, high: 0.01 };
    assert.equal(claimRow("as good, by .02", figure, -0.02).verdict, "holds");
    assert.equal(claimRow("better by .02", figure, 0.02).verdict, "does not hold");
    assert.deepEqual(claimRow("as good", figure), {
      claim: "as good",
      found: 0,
      low: -0.01,
      high: 0.01,
      verdict: "cannot be told",
    });
  });
});
