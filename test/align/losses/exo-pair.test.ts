import { describe, it } from "node:test";
import { exoPair } from "../../../src/align/losses/exo-pair.js";
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

describe("EXO on pairs", () => {
  it("is the reverse KL divergence to the smoothed label", () => {
    const [right, wrong] = [sigma(3), sigma(-3)];
    const value = right * Math.log(right / 0.9) + wrong * Math.log(wrong / 0.1);
    // d/dz σ(z)·(log σ(z) − log(1−ε)) and its mirror: σ(z)σ(−z)·(log(σ(z)/σ(−z)) − log((1−ε)/ε)).
    const slope = right * wrong * (3 - Math.log(9));
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(
      exoPair({ beta: 0.5, labelSmoothing: 0.1 }),
      numbers,
    );
    assertClose([loss], [value], 1e-6, "loss");
    assertClose([...gradientChosen, ...gradientRejected], [0.5 * slope, -0.5 * slope], 1e-6, "gradient");
  });
});
