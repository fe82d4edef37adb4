import assert from "node:assert/strict";
import { it } from "node:test";
import { Rate } from "../../src/progress/rate.js";

function rateOf(readings: readonly (readonly [count: number, at: number])[]): number | undefined {
  const rate = new Rate();
  for (const [count, at] of readings) rate.add(count, at);
  return rate.perSecond;
}

it("a few readings are not a rate yet", () => {
  assert.equal(rateOf([]), undefined);
  assert.equal(
    rateOf([
      [1, 1],
      [2, 2],
      [3, 3],
    ]),
    undefined,
  );
});

it("steady growth is its own rate, whatever the counter and the clock start from", () => {
  const rate = rateOf([
    [1001, 50],
    [1003, 51],
    [1005, 52],
    [1007, 53],
  ]);
  assert.ok(Math.abs(rate! - 2) < 1e-12);
});

it("the recent past counts more", () => {
  const readings = Array.from({ length: 100 }, (_, at) => [at < 50 ? at : 50 + 4 * (at - 50), at] as const);
  const rate = rateOf(readings)!;
  assert.ok(rate > 3.6 && rate < 4, String(rate));
});

it("readings at one instant do not divide by zero", () => {
  assert.equal(
    rateOf([
      [1, 5],
      [2, 5],
      [3, 5],
      [4, 5],
    ]),
    undefined,
  );
});
