import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { balancingPenalty, firstBalancingPenalty, penalizeLength } from "../../src/bootstrap/index.js";
import { eos, sample } from "./samples.js";

// Of each prompt a long response that is a little better and a short one.
const samples = ["a", "b"].flatMap((id) => [
  sample(id, 0, [5, 5, 5, 5, 5, 5], 1),
  sample(id, 1, [6], 0.4),
  sample(id, 2, [7, 7], 0.3),
]);

describe("penalizeLength", () => {
  it("takes α for each token, the one that ends the response included", () => {
    assert.deepEqual(
      penalizeLength(samples.slice(0, 2), 0.1).map(({ reward }) => reward.toFixed(6)),
      ["0.300000", "0.200000"],
    );
  });
});

describe("balancingPenalty", () => {
  it("is the α of the grid under which chosen and rejected are most nearly equally long", () => {
    // Without a penalty the long one wins against that of two tokens (5 more), with .5 a token the short one wins against the long (5 less).
    assert.deepEqual(balancingPenalty(samples, [eos], "best-worst", [0, 0.5]), { alpha: 0, difference: 4 });
    // At .12: long .16, short .16 − , two .−.06: the best is the long or the short one, the worst that of two tokens.
    const { alpha, difference } = balancingPenalty(samples, [eos], "best-worst", [0, 0.13, 0.5]);
    assert.deepEqual([alpha, difference], [0.13, -1]);
  });

  it("says so where no pair can be made", () => {
    assert.throws(() => balancingPenalty([sample("a", 0, [5], 1)], [eos]), {
      name: "InputError",
      message: /^length penalty: no prompt has two distinct samples/,
    });
  });
});

describe("firstBalancingPenalty", () => {
  const found = (step: number) => firstBalancingPenalty(samples, [eos], "best-worst", step);

  it("goes up a fine grid until lengths would differ more again", () => {
    // 4 tokens below α = .12, −1 up to .175, −5 from there on.
    assert.deepEqual(found(0.05), { alpha: 3 * 0.05, difference: -1 });
    const { alpha, difference } = found(0.001);
    assert.ok(alpha >= 0.12 && alpha < 0.122 && difference === -1, `${alpha} ${difference}`);
  });

  it("does not look behind the first rise", () => {
    // At .2 the difference is −5.
    assert.deepEqual(found(0.2), { alpha: 0, difference: 4 });
  });

  it("says so where no pair can be made", () => {
    assert.throws(() => firstBalancingPenalty([sample("a", 0, [5], 1)], [eos], "best-worst", 0.1), {
      name: "InputError",
      message: /^length penalty: no prompt has two distinct samples/,
    });
  });
});
