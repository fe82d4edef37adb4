import { describe, it } from "node:test";
import { nll } from "../../../src/align/losses/nll.js";
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

describe("NLL", () => {
  it("is the mean over all tokens of a step's chosen responses", () => {
    const two = {
      ...numbers,
      policyChosen: [-8, -3],
      policyRejected: [-1, -1],
      referenceChosen: [0, 0],
      referenceRejected: [0, 0],
      chosenLength: [4, 1],
      rejectedLength: [1, 1],
    };
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(nll({ beta: 0.1 }), two);
    assertClose([loss, ...gradientChosen, ...gradientRejected], [11 / 5, -1 / 5, -1 / 5, 0, 0], 1e-6);
  });
});
