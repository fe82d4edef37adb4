import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { minus, overSeeds } from "../../src/stats/rows.js";

describe("minus", () => {
  it("subtracts value by value", () => {
    assert.deepEqual(
      minus(
        [
          [5, 3],
          [1, 1],
        ],
        [
          [1, 4],
          [1, 0],
        ],
      ),
      [
        [4, -1],
        [0, 1],
      ],
    );
  });

  it("refuses tables of other seeds or prompts", () => {
    assert.throws(() => minus([[1, 2]], [[1]]), RangeError);
    assert.throws(() => minus([[1]], [[1, 2]]), RangeError);
    assert.throws(() => minus([[1], [2]], [[1]]), RangeError);
  });
});

describe("overSeeds", () => {
  it("is Student's interval", () => {
    // Mean 2, deviation 1, three values: 2 ± 4.3027 / √3.
    const { mean, low, high, over } = overSeeds([1, 2, 3]);
    assert.equal(mean, 2);
    assert.ok(Math.abs(low - (2 - 4.302653 / Math.sqrt(3))) < 1e-6);
    assert.ok(Math.abs(high - (2 + 4.302653 / Math.sqrt(3))) < 1e-6);
    assert.equal(over, "seeds and prompts");
    assert.equal(overSeeds(Float64Array.of(1, 2, 3) as unknown as number[]).mean, 2);
  });
});
