import { describe, it } from "node:test";
import { aipo } from "../../../src/align/losses/aipo.js";
import { dpo } from "../../../src/align/losses/dpo.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning } from "../../support/loss-case.js";

const sigma = (x: number) => 1 / (1 + Math.exp(-x));

// s = 2 and s_ref = −4.
const numbers = {
  policyChosen: [-8],
  policyRejected: [-10],
  referenceChosen: [-10],
  referenceRejected: [-6],
  chosenLength: [4],
  rejectedLength: [2],
};

describe("AIPO", () => {
  it("compares the margin with 1 + α times the reference's, and adds λ times the chosen response's mean NLL", () => {
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(
      aipo({ beta: 0.5, alpha: 0.25, lambda: 0.2 }),
      numbers,
    );
    // s − 1.25·s_ref = 7
    assertClose([loss], [-Math.log(sigma(3.5)) + (0.2 * 8) / 4], 1e-6, "loss");
    assertClose(
      [...gradientChosen, ...gradientRejected],
      [-0.5 * sigma(-3.5) - 0.2 / 4, 0.5 * sigma(-3.5)],
      1e-6,
      "gradient",
    );
  });

  it("equals DPO for α = 0 and λ = 0", () => {
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(dpo({ beta: 0.5 }), numbers);
    const found = lossByMeaning(aipo({ beta: 0.5, alpha: 0, lambda: 0 }), numbers);
    assertClose(
      [found.loss, ...found.gradientChosen, ...found.gradientRejected],
      [loss, ...gradientChosen, ...gradientRejected],
      1e-9,
    );
  });
});
