import { describe, it } from "node:test";
import { simpo } from "../../../src/align/losses/simpo.js";
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

describe("SimPO", () => {
  it("compares the margin of mean log-probabilities with a target margin and ignores the reference", () => {
    // l̄_w − l̄_l = −2 + 5 = 3; 0.5 · 3 − 0.7 = 0.8.
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(simpo({ beta: 0.5, targetMargin: 0.7 }), numbers);
    assertClose([loss], [-Math.log(sigma(0.8))], 1e-6, "loss");
    assertClose(
      [...gradientChosen, ...gradientRejected],
      [(-sigma(-0.8) * 0.5) / 4, (sigma(-0.8) * 0.5) / 2],
      1e-6,
      "gradient",
    );
  });
});
