import { describe, it } from "node:test";
import { rdpo } from "../../../src/align/losses/rdpo.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning } from "../../support/loss-case.js";

const sigma = (x: number) => 1 / (1 + Math.exp(-x));

// ρ_w = 2 and ρ_l = −4.
const numbers = {
  policyChosen: [-8],
  policyRejected: [-10],
  referenceChosen: [-10],
  referenceRejected: [-6],
  chosenLength: [4],
  rejectedLength: [2],
};

describe("rDPO", () => {
  it("is unbiased: its mean over labels flipped at rate ε equals DPO on the clean label", () => {
    const loss = rdpo({ beta: 0.5, labelSmoothing: 0.2 });
    const { policyChosen, policyRejected, referenceChosen, referenceRejected } = numbers;
    const flipped = {
      policyChosen: policyRejected,
      policyRejected: policyChosen,
      referenceChosen: referenceRejected,
      referenceRejected: referenceChosen,
    };
    const clean = lossByMeaning(loss, numbers).loss;
    assertClose([clean], [(-0.8 * Math.log(sigma(3)) + 0.2 * Math.log(sigma(-3))) / 0.6], 1e-6, "loss");
    assertClose([0.8 * clean + 0.2 * lossByMeaning(loss, flipped).loss], [-Math.log(sigma(3))], 1e-6, "mean");
  });
});
