import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { didYouMean, editDistance, nearestName } from "../../src/base/nearest.js";

describe("editDistance", () => {
  it("counts insertions, deletions, substitutions and swaps of neighbours", () => {
    const cases: readonly [string, string, number][] = [
      ["", "", 0],
      ["beta", "beta", 0],
      ["betta", "beta", 1],
      ["bta", "beta", 1],
      ["bata", "beta", 1],
      ["btea", "beta", 1],
      ["", "beta", 4],
      ["kitten", "sitting", 3],
    ];
    for (const [from, to, distance] of cases) {
      assert.equal(editDistance(from, to), distance, `${from} ${to}`);
      assert.equal(editDistance(to, from), distance, `${to} ${from}`);
    }
  });
});

describe("nearestName", () => {
  const known = ["beta", "batchSize", "learningRate", "perPrompt"];

  it("returns the name with the fewest edits, ignoring case", () => {
    assert.equal(nearestName("betta", known), "beta");
    assert.equal(nearestName("learningrate", known), "learningRate");
    assert.equal(nearestName("batch_size", known), "batchSize");
    assert.equal(nearestName("lerningRat", known), "learningRate");
  });

  it("returns undefined if too many edits are needed, or if no names are known", () => {
    for (const given of ["share", "x", "gamma"]) assert.equal(nearestName(given, known), undefined, given);
    assert.equal(nearestName("beta", []), undefined);
  });
});

describe("didYouMean", () => {
  it("suggests a near name, but not another name of three letters", () => {
    const known = ["dpo", "cpu", "likelihood"];
    assert.equal(didYouMean("likelyhood", known), "; did you mean likelihood?");
    assert.equal(didYouMean("ddpo", known), "; did you mean dpo?");
    for (const given of ["ppo", "tpu", "judge", 5, undefined]) assert.equal(didYouMean(given, known), "");
  });
});
