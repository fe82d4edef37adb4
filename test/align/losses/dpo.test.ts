import { describe, it } from "node:test";
import { dpo } from "../../../src/align/losses/dpo.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning } from "../../support/loss-case.js";

describe("DPO", () => {
  it("is ln 2 for any β if the policy is the reference", () => {
    const same = [-3.5, -120];
    const numbers = { policyChosen: same, policyRejected: [-7, 0], referenceChosen: same, referenceRejected: [-7, 0] };
    for (const beta of [0.01, 0.1, 5]) {
      const { loss, gradientChosen } = lossByMeaning(dpo({ beta }), numbers);
      assertClose([loss], [Math.LN2], 1e-7, "loss");
      assertClose(gradientChosen, [-beta / 4, -beta / 4], 1e-7, "gradient");
    }
  });

  it("is −margin for a margin far below 0, and 0 for one far above", () => {
    const zeros = [0, 0];
    const numbers = { policyRejected: zeros, referenceChosen: zeros, referenceRejected: zeros };
    for (const [margin, expected, slope] of [
      [1000, 0, 0],
      [-1000, 1000, -1],
    ] as const) {
      const { loss, gradientChosen } = lossByMeaning(dpo({ beta: 1 }), { ...numbers, policyChosen: [margin, margin] });
      assertClose([loss, ...gradientChosen], [expected, slope / 2, slope / 2], 1e-7);
    }
  });

  it("takes means over tokens when length-normalised", () => {
    // ρ_w = 2 over 4 tokens, ρ_l = −3 over 2: Δ = 0.5 + 1.5, z = 1.
    const numbers = {
      policyChosen: [-8],
      policyRejected: [-9],
      referenceChosen: [-10],
      referenceRejected: [-6],
      chosenLength: [4],
      rejectedLength: [2],
    };
    const { loss, gradientChosen } = lossByMeaning(dpo({ beta: 0.5, lengthNormalized: true }), numbers);
    assertClose([loss], [Math.log1p(Math.exp(-1))], 1e-7, "loss");
    assertClose(gradientChosen, [-0.5 / 4 / (1 + Math.E)], 1e-7, "gradient");
  });
});
