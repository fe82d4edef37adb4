import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mean, share } from "../../src/stats/mean.js";

describe("mean", () => {
  it("is the sum divided by the count, and NaN for an empty list", () => {
    assert.equal(mean([1, 2, 6]), 3);
    assert.ok(Number.isNaN(mean([])));
  });
});

describe("share", () => {
  it("is the fraction of items that meet a condition, and NaN for an empty list", () => {
    assert.equal(
      share([1, 2, 3, 4], (value) => value > 1),
      0.75,
    );
    assert.equal(
      share([{ kept: true }, {}], ({ kept }: { readonly kept?: boolean }) => kept),
      0.5,
    );
    assert.ok(Number.isNaN(share([], () => true)));
  });
});
