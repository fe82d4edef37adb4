import { describe, it } from "node:test";
import { cdpo } from "../../../src/align/losses/cdpo.js";
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

describe("cDPO", () => {
  it("is DPO's loss of the label and of its opposite, weighted by 1 − ε and ε", () => {
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(cdpo({ beta: 0.5, labelSmoothing: 0.2 }), numbers);
    assertClose([loss], [-0.8 * Math.log(sigma(3)) - 0.2 * Math.log(sigma(-3))], 1e-6, "loss");
    assertClose(
      [...gradientChosen, ...gradientRejected],
      [0.5 * (sigma(3) - 0.8), -0.5 * (sigma(3) - 0.8)],
      1e-6,
      "gradient",
    );
  });
});
