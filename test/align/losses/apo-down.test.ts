import { describe, it } from "node:test";
import { apoDown } from "../../../src/align/losses/apo-down.js";
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

describe("APO-down", () => {
  it("is σ(βρ_w) + 1 − σ(β(ρ_w − ρ_l)), with its gradient", () => {
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(apoDown({ beta: 0.5 }), numbers);
    assertClose([loss], [sigma(1) + 1 - sigma(3)], 1e-6, "loss");
    assertClose(
      [...gradientChosen, ...gradientRejected],
      [0.5 * (sigma(1) * sigma(-1) - sigma(3) * sigma(-3)), 0.5 * sigma(3) * sigma(-3)],
      1e-6,
      "gradient",
    );
  });
});
