import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { candidateWeights, type WeightingOptions } from "../../src/tabular/index.js";
import { assertClose } from "../support/compare.js";

describe("weights of candidate responses", () => {
  const equal = [1, 0.5, 0].map((reward) => ({ reward, meanLogProb: -1 }));

  it("are the softmax of the regularized rewards, with a mean of 1", () => {
    // Equally likely candidates: the trust in every reward is 1 / (1 + α), against the mean ½.
    const values = [0.5 + 0.5 / 3, 0.5, 0.5 - 0.5 / 3].map((value) => Math.exp(value / 0.2));
    const total = values.reduce((a, b) => a + b);
    assertClose(
      candidateWeights(equal, { alpha: 2, temperature: 0.2 }),
      values.map((value) => (3 * value) / total),
      1e-12,
    );
  });

  it("trust the rewards of likely candidates more than those of unlikely ones", () => {
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

  it("refuse invalid candidates and options", () => {
    const refuses = (candidates: typeof equal, options: object, message: RegExp) =>
      assert.throws(() => candidateWeights(candidates, { alpha: 1, temperature: 1, ...options }), {
        name: "InputError",
        message,
      });
    refuses([], {}, /^no candidates to weigh/);
    refuses(equal, { temperature: 0 }, /^temperature: found 0/);
    refuses(equal, { alpha: 0 }, /^alpha: found 0/);
    for (const odd of [{ reward: NaN, meanLogProb: 0 }, { reward: "1", meanLogProb: 0 }, { reward: 1 }, null])
      refuses(
        [odd] as typeof equal,
        {},
        /^found the candidate .* at 0, expected { reward, meanLogProb } of finite numbers/,
      );
    refuses(null as unknown as typeof equal, {}, /^candidates: found null, expected a list/);
    refuses(equal, { temprature: 1 }, /^`temprature` is not an option of candidateWeights; did you mean `temperature`/);
    refuses(equal, { temperature: "1" }, /^temperature: found "1"/);
    for (const options of [undefined, null])
      assert.throws(() => candidateWeights(equal, options as unknown as WeightingOptions), {
        name: "InputError",
        message: /^the options of candidateWeights: found (undefined|null), expected an object/,
      });
  });

  it("are finite, or refused with the cause of the overflow", () => {
    const far = [1e308, -1e308].map((reward, i) => ({ reward, meanLogProb: -9 * i }));
    const refuses = (candidates: typeof equal, options: object, message: RegExp) =>
      assert.throws(() => candidateWeights(candidates, { alpha: 1, temperature: 1, ...options }), {
        name: "InputError",
        message,
      });
    refuses(
      far,
      {},
      /^the values of targets as far from the baseline .*, at alpha 1, leave float64; scale the targets/,
    );
    refuses(
      equal,
      { temperature: 1e-320 },
      /^the weights of rewards from 0 to 1 at the temperature .* leave float64; scale/,
    );
    // A candidate this unlikely has a behaviour of 0, and an α this small vanishes.
    const unlikely = [...equal, { reward: 5, meanLogProb: -1e4 }];
    const weights = candidateWeights(unlikely, { alpha: 5e-324, temperature: 1 });
    assertClose([weights.reduce((sum, weight) => sum + weight, 0)], [4], 1e-12);
    assertClose([weights[3]!], [weights[1]!], 1e-12);
  });
});
