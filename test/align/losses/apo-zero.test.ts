import { describe, it } from "node:test";
import { apoZero } from "../../../src/align/losses/apo-zero.js";
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

describe("APO-zero", () => {
  it("is 1 − σ(βρ_w) + σ(βρ_l), with its gradient", () => {
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(apoZero({ beta: 0.5 }), numbers);
    assertClose([loss], [1 - sigma(1) + sigma(-2)], 1e-6, "loss");
    assertClose(
      [...gradientChosen, ...gradientRejected],
      [-0.5 * sigma(1) * sigma(-1), 0.5 * sigma(2) * sigma(-2)],
      1e-6,
      "gradient",
    );
  });
});
