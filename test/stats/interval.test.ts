import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { bootstrapInterval } from "../../src/stats/interval.js";

const normals = (count: number, seed: number) => {
  const random = Random.seeded(seed);
  return Array.from({ length: count }, () => random.normal());
};

describe("bootstrapInterval", () => {
  it("is close to the normal interval for many values", () => {
    const values = normals(400, 1);
    const { mean, low, high } = bootstrapInterval(values, Random.seeded(2));
    const average = values.reduce((a, b) => a + b) / 400;
    const error = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / 399 / 400);
    assert.ok(Math.abs(mean - average) < 1e-12);
    assert.ok(Math.abs(low - (average - 1.96 * error)) < 0.3 * error);
    assert.ok(Math.abs(high - (average + 1.96 * error)) < 0.3 * error);
  });

  it("contains the true mean in about 95 % of samples", () => {
    const held = Array.from({ length: 200 }, (_, i) => bootstrapInterval(normals(40, i), Random.seeded(i)));
    const share = held.filter(({ low, high }) => low <= 0 && high >= 0).length / 200;
    assert.ok(share > 0.88 && share < 0.99, `${share}`);
  });

  it("is a point if all values are equal, and the same for the same seed", () => {
    assert.deepEqual(bootstrapInterval([0.5, 0.5], Random.seeded(1)), { mean: 0.5, low: 0.5, high: 0.5 });
    assert.deepEqual(bootstrapInterval([1, 2, 4], Random.seeded(1)), bootstrapInterval([1, 2, 4], Random.seeded(1)));
  });

  it("refuses an empty list", () => {
    assert.throws(() => bootstrapInterval([], Random.seeded(1)), RangeError);
  });

  it("refuses NaN", () => {
    assert.throws(() => bootstrapInterval([1, NaN, 3], Random.seeded(1)), { message: /^value 2: found NaN/ });
  });
});
