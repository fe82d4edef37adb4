import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crossedInterval } from "../../src/stats/crossed.js";
import { crossedDifference, minus, overSeeds } from "../../src/stats/rows.js";

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

  it("refuses tables with different numbers of seeds or prompts", () => {
    assert.throws(() => minus([[1, 2]], [[1]]), RangeError);
    assert.throws(() => minus([[1]], [[1, 2]]), RangeError);
    assert.throws(() => minus([[1], [2]], [[1]]), RangeError);
  });
});

describe("crossedDifference", () => {
  it("returns the crossed interval of the paired differences, within the range", () => {
    const [a, b] = [
      [
        [0.9, 0.4],
        [0.7, 0.6],
      ],
      [
        [0.5, 0.5],
        [0.6, 0.2],
      ],
    ];
    const range = { low: -1, high: 1 };
    const { mean } = crossedDifference(a, b);
    assert.ok(Math.abs(mean - (0.4 - 0.1 + 0.1 + 0.4) / 4) < 1e-12);
    assert.deepEqual(crossedDifference(a, b, range), crossedInterval(minus(a, b), range));
    assert.notDeepEqual(crossedDifference(a, b, range), crossedDifference(a, b));
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
