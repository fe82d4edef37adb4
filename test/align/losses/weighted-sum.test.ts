import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { implicitReward, lossNamed } from "../../../src/align/losses/index.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning } from "../../support/loss-case.js";

const numbers = {
  policyChosen: [-8, -3],
  policyRejected: [-9, -5],
  referenceChosen: [-10, -3],
  referenceRejected: [-6, -6],
  chosenLength: [4, 2],
  rejectedLength: [2, 5],
};
const valueOf = (choice: Parameters<typeof lossNamed>[0], settings = {}) =>
  lossByMeaning(lossNamed(choice, { beta: 0.5, ...settings }), numbers).loss;

describe("a weighted sum of losses", () => {
  it("is the sum of the losses, each times its weight", () => {
    assertClose([valueOf({ dpo: 0.8, nll: 0.2 })], [0.8 * valueOf("dpo") + 0.2 * valueOf("nll")], 1e-7);
    assertClose([valueOf({ slic: 2 })], [2 * valueOf("slic")], 1e-7);
    assertClose([valueOf("ipo", { nll: 0.3 })], [valueOf("ipo") + 0.3 * valueOf("nll")], 1e-7);
  });

  it("has the name that the command line accepts, and JSON that distinguishes its settings", () => {
    assert.equal(lossNamed({ dpo: 0.8, nll: 0.2 }, { beta: 0.1 }).name, "dpo=0.8,nll=0.2");
    const keys = [
      lossNamed({ cdpo: 0.8, nll: 0.2 }, { beta: 0.1 }),
      lossNamed({ cdpo: 0.8, nll: 0.2 }, { beta: 0.1, labelSmoothing: 0.2 }),
      lossNamed("cdpo", { beta: 0.1 }),
      lossNamed("cdpo", { beta: 0.1, nll: 0.2 }),
    ].map((loss) => JSON.stringify(loss));
    assert.equal(new Set(keys).size, 4);
  });

  it("has the weighted mean reward of the losses that compare responses", () => {
    const response = { policy: -12, reference: -15, length: 6 };
    const rewardOf = (choice: Parameters<typeof lossNamed>[0]) =>
      implicitReward(lossNamed(choice, { beta: 0.1 }), response);
    assert.equal(rewardOf({ dpo: 0.1, slic: 0.7, nll: 3 }), 3);
    assertClose([rewardOf({ dpo: 1, simpo: 3 })], [(3 + 3 * -2) / 4], 1e-12);
    assert.equal(rewardOf({ nll: 2 }), -2);
    assert.equal(lossNamed({ simpo: 1, nll: 1 }, { beta: 0.1 }).reward.needsReference, false);
    assert.equal(lossNamed({ simpo: 1, dpo: 1 }, { beta: 0.1 }).reward.needsReference, true);
  });

  it("needs whole steps and keeps running values if one of its losses does", () => {
    const sum = lossNamed({ "bco-pair": 1, dpo: 1 }, { beta: 0.1 });
    assert.equal(sum.needsWholeStep, true);
    assert.deepEqual(sum.running!.names, ["loss.bco-pair/meanReward", "loss.bco-pair/steps"]);
    assert.equal(lossNamed({ cdpo: 1, dpo: 1 }, { beta: 0.1 }).needsWholeStep, false);
  });
});
