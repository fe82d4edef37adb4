import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgedIntervals } from "../../src/plot/judged.js";

const iteration = (number: number, mean: number) => ({
  iteration: number,
  goldReward: mean,
  goldRewardInterval: [mean - 0.1, mean + 0.1] as const,
});
const run = { iterations: [iteration(0, 0.5), iteration(1, 0.6), iteration(2, 0.7)] };

describe("judgedIntervals", () => {
  it("returns rows unchanged", () => {
    const rows = [{ name: "a", mean: 1, low: 0, high: 2 }];
    assert.deepEqual(judgedIntervals(rows, "winRate"), rows);
  });

  it("returns every iteration of a run", () => {
    const found = judgedIntervals(run, "goldReward");
    assert.deepEqual(
      found.map(({ name, mean }) => [name, mean]),
      [
        ["start", 0.5],
        ["iteration 1", 0.6],
        ["iteration 2", 0.7],
      ],
    );
    assert.deepEqual([found[0]!.low, found[0]!.high], [0.4, 0.6]);
  });

  it("returns the last policy of each of several runs, and their common start", () => {
    const found = judgedIntervals({ DPO: { iterations: run.iterations.slice(0, 2) }, SeRA: run }, "goldReward");
    assert.deepEqual(
      found.map(({ name, mean }) => [name, mean]),
      [
        ["start", 0.5],
        ["DPO", 0.6],
        ["SeRA", 0.7],
      ],
    );
  });

  it("returns nothing for a measure that is missing", () => {
    assert.deepEqual(judgedIntervals(run, "winRate"), []);
    assert.deepEqual(judgedIntervals({}, "goldReward"), []);
  });
});
