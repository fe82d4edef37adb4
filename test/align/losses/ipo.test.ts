import { describe, it } from "node:test";
import { ipo } from "../../../src/align/losses/ipo.js";
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

describe("IPO", () => {
  it("is the squared distance of the margin of mean log-ratios, or of summed ones, from 1/(2β)", () => {
    // ρ_w/4 − ρ_l/2 = 2.5, summed 6; 1/(2β) = 1.
    const mean = lossByMeaning(ipo({ beta: 0.5 }), numbers);
    assertClose([mean.loss, ...mean.gradientChosen, ...mean.gradientRejected], [1.5 ** 2, 3 / 4, -3 / 2], 1e-6, "mean");
    const summed = lossByMeaning(ipo({ beta: 0.5, lengthNormalized: false }), numbers);
    assertClose([summed.loss, ...summed.gradientChosen, ...summed.gradientRejected], [25, 10, -10], 1e-6, "sum");
  });
});
