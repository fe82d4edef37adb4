import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { learningRateAt, schedules, type Schedule } from "../../src/align/schedule.js";
import { assertClose } from "../support/compare.js";

function rates(schedule: Schedule, warmup: number, steps: number, peak = 8): number[] {
  return Array.from({ length: steps }, (_, i) => learningRateAt(peak, schedule, warmup, i + 1, steps));
}

describe("learningRateAt", () => {
  it("warms up linearly, then decays linearly to 0 at one step after the last", () => {
    assertClose(
      rates("linear", 0.25, 8),
      [4, 8, 8, 8 * (5 / 6), 8 * (4 / 6), 8 * (3 / 6), 8 * (2 / 6), 8 * (1 / 6)],
      1e-12,
    );
  });

  it("decays along half a cosine", () => {
    assertClose(rates("cosine", 0, 4), [8, 4 * (1 + Math.SQRT1_2), 4, 4 * (1 - Math.SQRT1_2)], 1e-12);
  });

  it("stays constant after the warm-up", () => assertClose(rates("constant", 0.5, 4), [4, 8, 8, 8], 1e-12));

  it("rounds the warm-up up to whole steps", () => {
    assertClose(rates("constant", 0.01, 3), [8, 8, 8], 1e-12);
    assertClose(rates("constant", 0.4, 3), [4, 8, 8], 1e-12);
  });

  for (const schedule of schedules) {
    it(`is above 0 and at most the peak at every step, also for one step or warm-up throughout (${schedule})`, () => {
      for (const steps of [1, 2, 7]) {
        for (const warmup of [0, 0.1, 1]) {
          assert.ok(
            rates(schedule, warmup, steps).every((rate) => rate > 0 && rate <= 8),
            `${steps} steps, warm-up ${warmup}`,
          );
        }
      }
    });
  }
});
