import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgedCells, summaryTable, textTable } from "../../src/cli/summary-table.js";

describe("textTable", () => {
  it("has columns as wide as their widest cells", () => {
    assert.equal(
      textTable([
        ["a", "number"],
        ["longer", "7"],
      ]),
      "a       number\nlonger       7",
    );
  });
});

describe("summaryTable", () => {
  it("has a row per iteration, with dashes for missing figures", () => {
    const seconds = { training: 10.4, scoring: 1, sampling: 2.2, evaluation: 30.6 };
    const start = {
      iteration: 0,
      pairsSelected: null,
      pairsBootstrapped: null,
      pairsSeen: 0,
      bootstrap: null,
      accuracy: null,
      meanMargin: null,
      seconds,
    };
    const judged = {
      goldReward: 0.7,
      goldRewardInterval: [0.65, 0.75],
      winRate: 0.6,
      winRateInterval: [0.5, 0.7],
    } as const;
    const trained = {
      ...start,
      iteration: 1,
      pairsSelected: 24,
      pairsBootstrapped: 0,
      bootstrap: { prompts: 6, samples: 24, empty: 0, incomplete: 9, identical: 0, ties: 0, formed: 6, kept: 0 },
      accuracy: 0.625,
      meanMargin: -1.234,
      ...judged,
    };
    assert.deepEqual(
      summaryTable({ method: "dpo", loss: "dpo", labelledBy: null, seed: 1, iterations: [start, trained] }).split("\n"),
      [
        "iteration  kept  made  cut off  margin  accuracy           gold reward              win rate  seconds",
        "0 (start)     –     –        –       –         –                     –                     –       14",
        "1            24     0     9/24   -1.23     0.625  0.700 [0.650, 0.750]  0.600 [0.500, 0.700]       14",
      ],
    );
  });
});

describe("judgedCells", () => {
  it("returns dashes if the data has no gold reward", () => {
    assert.deepEqual(judgedCells({}), ["–", "–"]);
  });
});
