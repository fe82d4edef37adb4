import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crossedInterval } from "../../src/stats/crossed.js";
import { studentQuantile } from "../../src/stats/student.js";

const near = (found: number, expected: number) => assert.ok(Math.abs(found - expected) < 1e-9, `${found}, expected ${expected}`);
const rows = [[0, 1, 5], [3, 4, 5]];

describe("crossedInterval", () => {
  it("weights what comes from seeds and prompts with their own quantiles, by hand", () => {
    // Seed means 2, 4: variance of the mean 2 / 2 = 1. Prompt means 1.5, 2.5, 5: mean square 3.25;
    // residuals ∓0.5, ∓0.5, ±1: sum of squares 3, mean square 1.5, so b = (3.25 − 1.5 / 2) / 3 = 2.5 / 3.
    const { mean, low, high, seedDeviation, over } = crossedInterval(rows);
    const half = Math.sqrt(12.706204736 ** 2 + (4.302652730 ** 2 * 2.5) / 3);
    assert.equal(mean, 3);
    assert.ok(Math.abs(high - 3 - half) < 1e-6 && Math.abs(3 - low - half) < 1e-6);
    near(seedDeviation!, Math.SQRT2);
    assert.equal(over, "seeds and prompts");
  });

  it("moves and scales with its values", () => {
    const [plain, other] = [crossedInterval(rows), crossedInterval(rows.map((row) => row.map((x) => 7 - 2 * x)))];
    near(other.low, 7 - 2 * plain.high);
    near(other.high, 7 - 2 * plain.low);
  });

  it("has the p-value whose interval ends at 0", () => {
    const { pValue } = crossedInterval(rows);
    near(Math.sqrt(studentQuantile(pValue, 1) ** 2 + (studentQuantile(pValue, 2) ** 2 * 2.5) / 3), 3);
  });

  it("of one seed is Student's over prompts, and says so", () => {
    const { mean, high, over, seedDeviation } = crossedInterval([[1, 2, 3]]);
    assert.deepEqual([mean, over, seedDeviation], [2, "prompts", null]);
    assert.ok(Math.abs(high - 2 - 4.302652730 / Math.sqrt(3)) < 1e-6);
  });

  it("is a point where all values are the same, and has no bounds for one value", () => {
    const { low, high, pValue } = crossedInterval([[2, 2], [2, 2]]);
    assert.deepEqual([low, high, pValue], [2, 2, 0]);
    assert.equal(crossedInterval([[0, 0], [0, 0]]).pValue, 1);
    assert.equal(crossedInterval([[2]]).high, Infinity);
  });

  it("refuses no values, and rows of different lengths", () => {
    assert.throws(() => crossedInterval([]), RangeError);
    assert.throws(() => crossedInterval([[]]), RangeError);
    assert.throws(() => crossedInterval([[1, 2], [1]]), { message: "rows of different lengths" });
  });
});
