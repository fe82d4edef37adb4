import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crossedInterval } from "../../src/stats/crossed.js";
import { studentQuantile } from "../../src/stats/student.js";

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found}, expected ${expected}`);
const rows = [
  [0, 1, 5],
  [3, 4, 5],
];

describe("crossedInterval", () => {
  it("weights the variance of seeds and of prompts by their own quantiles, as computed by hand", () => {
    // Seed means 2, 4: variance of the mean 2 / 2 = 1. Prompt means 1.5, 2.5, 5: mean square 3.25;
    // residuals ∓0.5, ∓0.5, ±1: sum of squares 3, mean square 1.5, so b = (3.25 − 1.5 / 2) / 3 = 2.5 / 3.
    const { mean, low, high, seedDeviation, over } = crossedInterval(rows);
    const half = Math.sqrt(12.706204736 ** 2 + (4.30265273 ** 2 * 2.5) / 3);
    assert.equal(mean, 3);
    assert.ok(Math.abs(high - 3 - half) < 1e-6 && Math.abs(3 - low - half) < 1e-6);
    near(seedDeviation!, Math.SQRT2);
    assert.equal(over, "seeds and prompts");
  });

  it("shifts and scales with its values", () => {
    const [plain, other] = [crossedInterval(rows), crossedInterval(rows.map((row) => row.map((x) => 7 - 2 * x)))];
    near(other.low, 7 - 2 * plain.high);
    near(other.high, 7 - 2 * plain.low);
  });

  it("has the p-value at which the interval ends at 0", () => {
    const { pValue } = crossedInterval(rows);
    near(Math.sqrt(studentQuantile(pValue, 1) ** 2 + (studentQuantile(pValue, 2) ** 2 * 2.5) / 3), 3);
  });

  it("is Student's interval over prompts for one seed, and says so", () => {
    const { mean, high, over, seedDeviation } = crossedInterval([[1, 2, 3]]);
    assert.deepEqual([mean, over, seedDeviation], [2, "prompts", null]);
    assert.ok(Math.abs(high - 2 - 4.30265273 / Math.sqrt(3)) < 1e-6);
  });

  it("is a point if all values are equal, and unbounded for a single value", () => {
    const { low, high, pValue } = crossedInterval([
      [2, 2],
      [2, 2],
    ]);
    assert.deepEqual([low, high, pValue], [2, 2, 0]);
    assert.equal(
      crossedInterval([
        [0, 0],
        [0, 0],
      ]).pValue,
      1,
    );
    assert.equal(crossedInterval([[2]]).high, Infinity);
  });

  it("uses the logit scale for values with a range, as computed by hand", () => {
    // A mean of 3 in [-1, 7] is the middle: slope 8 / 4 = 2, half as in the first test, logit 0.
    const half = Math.sqrt(12.706204736 ** 2 + (4.30265273 ** 2 * 2.5) / 3);
    const { low, high, pValue } = crossedInterval(rows, { low: -1, high: 7 });
    const at = (logit: number) => -1 + 8 / (1 + Math.exp(-logit));
    assert.ok(Math.abs(high - at(half / 2)) < 1e-6 && Math.abs(low - at(-half / 2)) < 1e-6);
    // 0 is the share 1/8 with the logit −ln 7, which is 2 ln 7 from the mean.
    near(Math.sqrt(studentQuantile(pValue, 1) ** 2 + (studentQuantile(pValue, 2) ** 2 * 2.5) / 3), 2 * Math.log(7));
  });

  it("stays in a given range, and equals the plain interval if it is much smaller than the range", () => {
    const rates = [
      [1, 1, 1, 0],
      [1, 1, 1, 1],
      [1, 0, 1, 1],
    ];
    const { low, high } = crossedInterval(rates, { low: 0, high: 1 });
    assert.ok(0 < low && low < 10 / 12 && 10 / 12 < high && high < 1, `${low}, ${high}`);
    assert.ok(crossedInterval(rates).high > 1);
    const narrow = rows.map((row) => row.map((x) => 0.5 + x * 1e-5));
    const [plain, ranged] = [crossedInterval(narrow), crossedInterval(narrow, { low: 0, high: 1 })];
    assert.ok(Math.abs(plain.low - ranged.low) < 1e-8 && Math.abs(plain.high - ranged.high) < 1e-8);
    assert.deepEqual(
      crossedInterval(
        [
          [1, 1],
          [1, 1],
        ],
        { low: 0, high: 1 },
      ).low,
      1,
    );
  });

  it("refuses values outside their range", () => {
    assert.throws(() => crossedInterval(rows, { low: 0, high: 1 }), {
      name: "RangeError",
      message: "a value outside [0, 1]",
    });
  });

  it("never leaves the range, even if rounding moves the mean of equal values past its end", () => {
    for (const [rows, low, high] of [
      [[[0.7, 0.7, 0.7]], 0.7, 1],
      [[[0.1], [0.1], [0.1]], 0, 0.1],
    ] as const) {
      const end = rows[0][0];
      const interval = crossedInterval(rows, { low, high });
      assert.deepEqual([interval.mean, interval.low, interval.high, interval.pValue], [end, end, end, 0]);
    }
  });

  it("refuses a range that is not finite or not ascending", () => {
    for (const [low, high] of [
      [0, Infinity],
      [1, 0],
      [NaN, 1],
    ] as const)
      assert.throws(() => crossedInterval([[0.5, 0.6]], { low, high }), {
        name: "RangeError",
        message: /^range: found/,
      });
  });

  it("refuses values that are not finite, and a list of numbers instead of rows", () => {
    assert.throws(() => crossedInterval([[1, 2, NaN]]), {
      name: "RangeError",
      message: "value 3: found NaN, expected a finite number",
    });
    assert.throws(() => crossedInterval([[1, undefined as unknown as number]]), {
      message: /^value 2: found undefined/,
    });
    assert.throws(() => crossedInterval([1, 2] as unknown as number[][]), { message: /expected one for each seed/ });
  });

  it("refuses empty input and rows of different lengths", () => {
    assert.throws(() => crossedInterval([]), RangeError);
    assert.throws(() => crossedInterval([[]]), RangeError);
    assert.throws(() => crossedInterval([[1, 2], [1]]), { message: "rows of different lengths" });
  });
});
