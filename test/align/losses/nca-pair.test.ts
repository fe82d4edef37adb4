import { describe, it } from "node:test";
import { ncaPair } from "../../../src/align/losses/nca-pair.js";
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

describe("NCA on pairs", () => {
  it("classifies the chosen response as data, and both responses with weight ½ as noise", () => {
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(ncaPair({ beta: 0.5 }), numbers);
    assertClose([loss], [-Math.log(sigma(1)) - Math.log(sigma(-1)) / 2 - Math.log(sigma(2)) / 2], 1e-6, "loss");
    assertClose(
      [...gradientChosen, ...gradientRejected],
      [0.5 * (-sigma(-1) + sigma(1) / 2), 0.5 * (sigma(-2) / 2)],
      1e-6,
      "gradient",
    );
  });
});
