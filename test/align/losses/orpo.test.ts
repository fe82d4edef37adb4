import { describe, it } from "node:test";
import { orpo } from "../../../src/align/losses/orpo.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning } from "../../support/loss-case.js";

// ρ_w = 2 and ρ_l = −4.
const numbers = {
  policyChosen: [-8],
  policyRejected: [-10],
  referenceChosen: [-10],
  referenceRejected: [-6],
  chosenLength: [4],
  rejectedLength: [2],
};

describe("ORPO", () => {
  it("is the chosen response's mean NLL plus β times the log-odds ratio loss", () => {
    // Mean token probabilities 4/5 and 1/2 have the odds 4 and 1.
    const sure = { ...numbers, policyChosen: [4 * Math.log(0.8)], policyRejected: [2 * Math.log(0.5)] };
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(orpo({ beta: 0.3 }), sure);
    assertClose([loss], [-Math.log(0.8) - 0.3 * Math.log(4 / 5)], 1e-6, "loss");
    // d log-odds / d log p̄ = 1/(1−p̄), which is 5 and 2; 1 − σ(ln 4) = 1/5.
    assertClose(
      [...gradientChosen, ...gradientRejected],
      [-1 / 4 - (0.3 / 5) * (5 / 4), (0.3 / 5) * (2 / 2)],
      1e-6,
      "gradient",
    );
  });
});
