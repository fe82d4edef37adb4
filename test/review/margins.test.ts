import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ensemble, margins } from "../../src/review/margins.js";

const ratios = { chosen: Float64Array.of(2, -1), rejected: Float64Array.of(0.5, 1) };
const pairs = [{ id: "a" }, { id: "b", flipped: true }];

describe("margins", () => {
  it("are chosen less rejected, ensembled with those of the policy before", () => {
    assert.deepEqual(margins(pairs, ratios, [-1, 4], 0.25), [
      { id: "a", chosenLogRatio: 2, rejectedLogRatio: 0.5, margin: 1.5, previousMargin: -1, ensemble: 0.75 * 1.5 - 0.25 },
      { id: "b", chosenLogRatio: -1, rejectedLogRatio: 1, margin: -2, previousMargin: 4, ensemble: -0.5, flipped: true },
    ]);
  });

  it("of the reference before are 0", () => {
    const [a, b] = margins(pairs, ratios, undefined, 0.25);
    assert.deepEqual([a!.previousMargin, a!.ensemble, b!.ensemble], [0, 1.125, -1.5]);
  });
});

describe("ensemble", () => {
  it("is the newest alone with γ = 0, the one before alone with γ = 1", () => {
    assert.equal(ensemble(3, 7, 0), 3);
    assert.equal(ensemble(3, 7, 1), 7);
  });
});
