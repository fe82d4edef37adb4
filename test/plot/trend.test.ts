import assert from "node:assert/strict";
import { it } from "node:test";
import { trendOf } from "../../src/plot/trend.js";

it("the least-squares line and Pearson's correlation match values worked out by hand", () => {
  // Means 2 and 2; Σ(x−2)(y−2) = 1, Σ(x−2)² = 2, Σ(y−2)² = 2: slope 1/2, r = 1/√(2·2).
  const trend = trendOf([
    { x: 1, y: 1 },
    { x: 2, y: 3 },
    { x: 3, y: 2 },
  ])!;
  const expected = { correlation: 0.5, slope: 0.5, x: 1, y: 1.5, x2: 3, y2: 2.5 };
  assert.deepEqual(Object.keys(trend), Object.keys(expected));
  for (const [name, value] of Object.entries(expected))
    assert.ok(Math.abs(trend[name as keyof typeof trend] - value) < 1e-12, name);
});

it("points with constant x or y, and a single point, have no trend", () => {
  assert.equal(
    trendOf([
      { x: 1, y: 1 },
      { x: 1, y: 2 },
    ]),
    undefined,
  );
  assert.equal(
    trendOf([
      { x: 1, y: 2 },
      { x: 2, y: 2 },
    ]),
    undefined,
  );
  assert.equal(trendOf([{ x: 1, y: 2 }]), undefined);
});
