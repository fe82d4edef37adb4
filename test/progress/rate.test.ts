import assert from "node:assert/strict";
import { it } from "node:test";
import { Rate } from "../../src/progress/rate.js";

function rateOf(readings: readonly (readonly [count: number, at: number])[]): number | undefined {
  const rate = new Rate();
  for (const [count, at] of readings) rate.add(count, at);
  return rate.perSecond;
}

it("Rate is undefined after three readings or fewer", () => {
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

it("Rate returns the slope of steady growth, whatever the first count and time", () => {
  const rate = rateOf([
    [1001, 50],
    [1003, 51],
    [1005, 52],
    [1007, 53],
  ]);
  assert.ok(Math.abs(rate! - 2) < 1e-12);
});

it("Rate leaves out the time of a pause", () => {
  const rate = new Rate();
  const readings = (from: number, at: number) => [0, 1, 2].forEach((i) => rate.add(from + 2 * i, at + i));
  readings(0, 0);
  rate.pause();
  readings(50, 1000);
  assert.ok(Math.abs(rate.perSecond! - 2) < 1e-12, String(rate.perSecond));
});

it("Rate weights recent readings more", () => {
  const readings = Array.from({ length: 100 }, (_, at) => [at < 50 ? at : 50 + 4 * (at - 50), at] as const);
  const rate = rateOf(readings)!;
  assert.ok(rate > 3.6 && rate < 4, String(rate));
});

it("Rate is undefined if all readings have the same time", () => {
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
