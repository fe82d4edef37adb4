import { describe, it } from "node:test";
import { ktoPair } from "../../../src/align/losses/kto-pair.js";
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

describe("KTO on pairs", () => {
  it("compares each half with the mean log-ratio of the other half, or with 0 if that is negative", () => {
    // KL_w = 2 and KL_l = max(0, −4) = 0.
    const slope = (x: number) => sigma(x) * sigma(-x);
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(ktoPair({ beta: 0.5 }), numbers);
    assertClose([loss], [(1 - sigma(0.5 * 2) + 1 - sigma(0.5 * (2 + 4))) / 2], 1e-6, "loss");
    assertClose([...gradientChosen, ...gradientRejected], [-slope(1) * 0.25, slope(3) * 0.25], 1e-6, "gradient");
    // A second pair moves the means: ρ_w = 2 and −6, so that KL_w = 0; ρ_l = −4 and 10, so that KL_l = 3.
    const two = {
      policyChosen: [-8, -16],
      policyRejected: [-10, 4],
      referenceChosen: [-10, -10],
      referenceRejected: [-6, -6],
    };
    const expected = [2 - sigma(-0.5) - sigma(2), 2 - sigma(-4.5) - sigma(-5)].map((sum) => sum / 2);
    assertClose(
      [lossByMeaning(ktoPair({ beta: 0.5 }), two).loss],
      [(expected[0]! + expected[1]!) / 2],
      1e-6,
      "loss of two",
    );
  });
});
