import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { losses, lossNamed, implicitReward, type LossName } from "../../../src/align/losses/index.js";
import { InputError } from "../../../src/base/errors.js";
import { assertClose } from "../../support/compare.js";

const rewardOf = (name: LossName, settings: object, response: { policy: number; reference?: number; length: number }) =>
  implicitReward(lossNamed(name, { beta: 0.1, ...settings }), response);

describe("the implicit reward over β", () => {
  const response = { policy: -12, reference: -15, length: 6 };

  it("is the log-ratio for DPO and similar losses, or its mean over tokens if length-normalised", () => {
    for (const name of Object.keys(losses) as LossName[]) {
      if (["ipo", "simpo", "orpo", "nll", "ipo-bmc", "orpo-bmc"].includes(name)) continue;
      assert.equal(rewardOf(name, {}, response), 3, name);
    }
    assert.equal(rewardOf("ipo", {}, response), 0.5);
    assert.equal(rewardOf("ipo", { lengthNormalized: false }, response), 3);
    assert.equal(rewardOf("dpo", { lengthNormalized: true }, response), 0.5);
    assert.equal(rewardOf("ipo-bmc", {}, response), 0.5);
    assert.equal(rewardOf("orpo-bmc", {}, response), rewardOf("orpo", {}, response));
  });

  it("needs no reference for SimPO, ORPO and NLL", () => {
    const alone = { policy: -12, length: 6 };
    assert.equal(rewardOf("simpo", {}, alone), -2);
    assert.equal(rewardOf("nll", {}, alone), -2);
    assertClose([rewardOf("orpo", {}, alone)], [Math.log(Math.exp(-2) / (1 - Math.exp(-2)))], 1e-14);
  });

  it("throws an InputError if the reference is needed but missing", () => {
    const message =
      "the loss dpo needs the reference's log-probability of every response, and one has none; " +
      "score the pairs under the reference, or choose a loss without a reference: simpo, orpo, nll";
    assert.throws(() => rewardOf("dpo", {}, { policy: -1, length: 1 }), new InputError(message));
  });
});

describe("log-odds of a mean token probability", () => {
  const logOdds = (policy: number) => rewardOf("orpo", {}, { policy, length: 1 });

  it("match values computed by hand", () => {
    assertClose(
      [0.5, 0.8, 0.01].map((p) => logOdds(Math.log(p))),
      [0, Math.log(4), -Math.log(99)],
      1e-12,
    );
  });

  it("are finite and accurate for probabilities close to 0 and 1", () => {
    assertClose([logOdds(-1000), logOdds(-1e-6), logOdds(0)], [-1000, Math.log(1e6) - 5e-7, Math.log(1e8)], 1e-9);
  });
});
