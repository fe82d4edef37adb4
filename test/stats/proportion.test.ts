import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wilsonInterval } from "../../src/stats/proportion.js";

const near = (found: number, expected: number, tolerance = 5e-5) =>
  assert.ok(Math.abs(found - expected) < tolerance, `${found}, expected ${expected}`);

describe("wilsonInterval", () => {
  it("matches published values", () => {
    // Newcombe 1998 (Statistics in Medicine 17, table I, method 3).
    for (const [successes, trials, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      const interval = wilsonInterval(successes, trials);
      assert.equal(interval.mean, successes / trials);
      near(interval.low, low);
      near(interval.high, high);
    }
  });

  it("is symmetric in successes and failures, and stays in [0, 1]", () => {
    const [one, other] = [wilsonInterval(7.5, 20), wilsonInterval(12.5, 20)];
    near(one.low, 1 - other.high, 1e-12);
    near(one.high, 1 - other.low, 1e-12);
    const [none, all] = [wilsonInterval(0, 1e6), wilsonInterval(3, 3)];
    assert.deepEqual([none.low, all.high], [0, 1]);
    assert.ok(none.high > 0 && all.low < 1);
  });

  it("refuses zero trials", () => {
    assert.throws(() => wilsonInterval(0, 0), RangeError);
  });
});
