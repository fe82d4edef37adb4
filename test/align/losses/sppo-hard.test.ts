import { describe, it } from "node:test";
import { sppoHard } from "../../../src/align/losses/sppo-hard.js";
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

describe("SPPO with hard labels", () => {
  it("is the squared distance of the log-ratios from ±1/(2β)", () => {
    // 1/(2β) = 1.
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(sppoHard({ beta: 0.5 }), numbers);
    assertClose([loss], [1 ** 2 + 3 ** 2], 1e-6, "loss");
    assertClose([...gradientChosen, ...gradientRejected], [2, -6], 1e-6, "gradient");
  });
});
