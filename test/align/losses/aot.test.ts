import { describe, it } from "node:test";
import { aot, aotUnpaired } from "../../../src/align/losses/aot.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning } from "../../support/loss-case.js";

const sigma = (x: number) => 1 / (1 + Math.exp(-x));

const numbers = {
  policyChosen: [-8, -16, -10],
  policyRejected: [-10, -10, -10],
  referenceChosen: [-10, -11, -11],
  referenceRejected: [-6, -12, -14],
};

describe("AOT", () => {
  it("compares equal ranks of policy and reference margins, or, unpaired, of chosen and rejected log-ratios", () => {
    // log π_w − log π_l is 2, −6 and 0; log π_ref,w − log π_ref,l is −4, 1 and 3: sorted −6 | −4, 0 | 1, 2 | 3.
    const expected = [2 - 3, -6 + 4, 0 - 1].map((delta) => -Math.log(sigma(0.5 * delta)));
    assertClose(
      [lossByMeaning(aot({ beta: 0.5 }), numbers).loss],
      [expected.reduce((a, b) => a + b) / 3],
      1e-6,
      "paired",
    );
    // ρ_w is 2, −5 and 1, ρ_l −4, 2 and 4: sorted −5 | −4, 1 | 2, 2 | 4.
    const unpaired = [2 - 4, -5 + 4, 1 - 2].map((delta) => -Math.log(sigma(0.5 * delta)));
    const found = lossByMeaning(aotUnpaired({ beta: 0.5 }), numbers);
    assertClose([found.loss], [unpaired.reduce((a, b) => a + b) / 3], 1e-6, "unpaired");
    const slopes = [-2, -1, -1].map((delta) => (0.5 * sigma(-0.5 * delta)) / 3);
    assertClose(
      found.gradientChosen,
      slopes.map((slope) => -slope),
      1e-6,
      "gradient by the chosen",
    );
    assertClose(found.gradientRejected, [slopes[1]!, slopes[2]!, slopes[0]!], 1e-6, "gradient by the rejected");
  });
});
