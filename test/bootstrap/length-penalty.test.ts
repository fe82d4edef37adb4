import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { balancingPenalty, firstBalancingPenalty, penalizeLength } from "../../src/bootstrap/index.js";
import { eos, sample } from "./samples.js";

// For each prompt, a long response that is a little better than two short ones.
const samples = ["a", "b"].flatMap((id) => [
  sample(id, 0, [5, 5, 5, 5, 5, 5], 1),
  sample(id, 1, [6], 0.4),
  sample(id, 2, [7, 7], 0.3),
]);

describe("penalizeLength", () => {
  it("subtracts α for each token, including the one that ends the response", () => {
    assert.deepEqual(
      penalizeLength(samples.slice(0, 2), 0.1).map(({ reward }) => reward.toFixed(6)),
      ["0.300000", "0.200000"],
    );
  });
});

describe("balancingPenalty", () => {
  it("returns the α of the grid that makes chosen and rejected responses most equal in length", () => {
    // Without a penalty, the long one wins against that of two tokens (4 more); with .5, the short against the long (5 fewer).
    assert.deepEqual(balancingPenalty(samples, [eos], "best-worst", [0, 0.5]), { alpha: 0, difference: 4 });
    // At .12 the long and the short one have .16, that of two tokens −.06; above, the short one is best and that of two worst.
    const { alpha, difference } = balancingPenalty(samples, [eos], "best-worst", [0, 0.13, 0.5]);
    assert.deepEqual([alpha, difference], [0.13, -1]);
  });

  it("throws an InputError if no pair can be formed", () => {
    assert.throws(() => balancingPenalty([sample("a", 0, [5], 1)], [eos]), {
      name: "InputError",
      message: /^length penalty: no prompt has two distinct samples/,
    });
  });
});

describe("firstBalancingPenalty", () => {
  const found = (step: number) => firstBalancingPenalty(samples, [eos], "best-worst", step);

  it("increases α in small steps until the lengths would differ more again", () => {
    // The difference is 4 tokens below α = .12, −1 up to .175 and −5 from there on.
    assert.deepEqual(found(0.05), { alpha: 3 * 0.05, difference: -1 });
    const { alpha, difference } = found(0.001);
    assert.ok(alpha >= 0.12 && alpha < 0.122 && difference === -1, `${alpha} ${difference}`);
  });

  it("does not look beyond the first increase of the difference", () => {
    // At .2 the difference is −5.
    assert.deepEqual(found(0.2), { alpha: 0, difference: 4 });
  });

  it("throws an InputError if no pair can be formed", () => {
    assert.throws(() => firstBalancingPenalty([sample("a", 0, [5], 1)], [eos], "best-worst", 0.1), {
      name: "InputError",
      message: /^length penalty: no prompt has two distinct samples/,
    });
  });
});
