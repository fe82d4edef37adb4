import { describe, it } from "node:test";
import { slic } from "../../../src/align/losses/slic.js";
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

describe("SLiC-HF", () => {
  it("is 1 − logit, and 0 with zero gradient for a logit above 1", () => {
    for (const [beta, loss, slope] of [
      [0.05, 0.7, -0.05],
      [0.5, 0, 0],
    ] as const) {
      const found = lossByMeaning(slic({ beta }), numbers);
      assertClose([found.loss, ...found.gradientChosen, ...found.gradientRejected], [loss, slope, -slope], 1e-6);
    }
  });
});
