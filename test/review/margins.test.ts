import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ensemble, margins } from "../../src/review/margins.js";

const tokens = (length: number) => new Int32Array(length);
const ratios = { chosen: Float64Array.of(2, -1, 0), rejected: Float64Array.of(0.5, 1, 3) };
const pairs = [
  { id: "a", prompt: Int32Array.of(1, 2), chosen: tokens(3), rejected: tokens(1), chosenScore: 4, rejectedScore: 2 },
  { id: "b", prompt: Int32Array.of(1), chosen: tokens(2), rejected: tokens(2), flipped: true },
  { id: "c", prompt: Int32Array.of(1, 2), chosen: tokens(1), rejected: tokens(1) },
];

describe("margins", () => {
  it("are chosen minus rejected rewards, ensembled with the margins of earlier policies", () => {
    assert.deepEqual(margins(pairs, ratios, [[-1, 4, 0]], [0.75, 0.25]), [
      {
        ...{
          id: "a",
          prompt: "a",
          chosenReward: 2,
          rejectedReward: 0.5,
          margin: 1.5,
          previousMargin: -1,
          ensemble: 0.75 * 1.5 - 0.25,
        },
        ...{ chosenLength: 3, rejectedLength: 1, chosenScore: 4, rejectedScore: 2 },
      },
      {
        ...{ id: "b", prompt: "b", chosenReward: -1, rejectedReward: 1, margin: -2, previousMargin: 4, ensemble: -0.5 },
        ...{ chosenLength: 2, rejectedLength: 2, flipped: true },
      },
      {
        ...{ id: "c", prompt: "a", chosenReward: 0, rejectedReward: 3, margin: -3, previousMargin: 0, ensemble: -2.25 },
        ...{ chosenLength: 1, rejectedLength: 1 },
      },
    ]);
  });

  it("are ensembled with 0 if there are no earlier margins", () => {
    const [a, b] = margins(pairs, ratios, [], [0.75, 0.25]);
    assert.deepEqual([a!.previousMargin, a!.ensemble, b!.ensemble], [0, 1.125, -1.5]);
  });

  it("are weighted over any number of policies", () => {
    const [a] = margins(
      pairs,
      ratios,
      [
        [2, 0, 0],
        [4, 0, 0],
      ],
      [0.5, 0.25, 0.25],
    );
    assert.equal(a!.ensemble, 0.5 * 1.5 + 0.25 * 2 + 0.25 * 4);
  });
});

describe("ensemble", () => {
  it("is a weighted sum in which a missing value counts as 0", () => {
    assert.equal(ensemble([3, 7], [1, 0]), 3);
    assert.equal(ensemble([3, 7], [0, 1]), 7);
    assert.equal(ensemble([3], [0.7, 0.3]), 0.7 * 3);
  });
});
