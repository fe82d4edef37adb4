import { describe, it } from "node:test";
import { discopop } from "../../../src/align/losses/discopop.js";
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

describe("DiscoPOP", () => {
  it("mixes the logistic and the exponential loss by the margin", () => {
    for (const [beta, z] of [
      [0.05, 0.3],
      [-0.05, -0.3],
    ] as const) {
      const m = sigma(z / 0.5);
      const { loss } = lossByMeaning(discopop({ beta, tau: 0.5 }), numbers);
      assertClose([loss], [(1 - m) * -Math.log(sigma(z)) + m * Math.exp(-z)], 1e-6, "loss");
    }
  });

  it("is the logistic loss for a margin far below 0, although e⁻ᶻ overflows, and 0 for one far above", () => {
    for (const [beta, value, slope] of [
      [-200, 1200, -1],
      [200, 0, 0],
    ] as const) {
      const { loss, gradientChosen } = lossByMeaning(discopop({ beta }), numbers);
      assertClose([loss, ...gradientChosen], [value, slope * beta], 1e-6);
    }
  });

  it("rises with the chosen log-probability at the reference for τ = 0.05, and falls for τ = 0.5", () => {
    const same = { ...numbers, referenceChosen: numbers.policyChosen, referenceRejected: numbers.policyRejected };
    for (const tau of [0.05, 0.5]) {
      const { gradientChosen } = lossByMeaning(discopop({ beta: 0.5, tau }), same);
      assertClose(gradientChosen, [0.5 * ((1 - Math.LN2) / (4 * tau) - 0.75)], 1e-6);
    }
  });
});
