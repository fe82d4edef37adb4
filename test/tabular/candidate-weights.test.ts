import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { candidateWeights } from "../../src/tabular/index.js";
import { assertClose } from "../support/compare.js";

describe("weights of candidate responses", () => {
  const equal = [1, 0.5, 0].map((reward) => ({ reward, meanLogProb: -1 }));

  it("are the softmax of the regularized rewards, with a mean of 1", () => {
    // Equally likely: every reward is believed by 1 / (1 + α), against the mean ½.
    const values = [0.5 + 0.5 / 3, 0.5, 0.5 - 0.5 / 3].map((value) => Math.exp(value / 0.2));
    const total = values.reduce((a, b) => a + b);
    assertClose(
      candidateWeights(equal, { alpha: 2, temperature: 0.2 }),
      values.map((value) => (3 * value) / total),
      1e-12,
    );
  });

  it("believe the rewards of likely candidates more than those of unlikely ones", () => {
    const [likely, unlikely] = candidateWeights(
      [
        { reward: 1, meanLogProb: -0.5 },
        { reward: 1, meanLogProb: -4 },
        { reward: 0, meanLogProb: -0.5 },
      ],
      { alpha: 1, temperature: 0.1 },
    );
    assert.ok(likely! > unlikely! && unlikely! > 0);
    for (const weight of candidateWeights(equal, { alpha: 1e9, temperature: 0.1 })) assertClose([weight], [1], 1e-6);
  });

  it("refuse what cannot be weighed", () => {
    const refuses = (candidates: typeof equal, options: object, message: RegExp) =>
      assert.throws(() => candidateWeights(candidates, { alpha: 1, temperature: 1, ...options }), {
        name: "InputError",
        message,
      });
    refuses([], {}, /^no candidates to weigh/);
    refuses(equal, { temperature: 0 }, /^temperature: found 0/);
    refuses(equal, { alpha: 0 }, /^alpha: found 0/);
    refuses([{ reward: NaN, meanLogProb: 0 }], {}, /expected finite numbers/);
  });
});
