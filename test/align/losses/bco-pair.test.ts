import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { bcoPair } from "../../../src/align/losses/bco-pair.js";
import { preference, type ReferencedPair } from "../../../src/align/preference.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { Random } from "../../../src/base/random.js";
import { Trainer } from "../../../src/align/trainer.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning, lossOverSteps } from "../../support/loss-case.js";
import { randomPairs, tinyPolicy } from "../../support/tiny-model.js";

const sigma = (x: number) => 1 / (1 + Math.exp(-x));
const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

describe("BCO on pairs", () => {
  // ρ_w = 2 and 6, ρ_l = −4 and 0: β·ρ has the mean 0.5.
  const numbers = {
    policyChosen: [-8, -4],
    policyRejected: [-10, -6],
    referenceChosen: [-10, -10],
    referenceRejected: [-6, -6],
  };

  it("classifies rewards against their mean over the first step", () => {
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(bcoPair({ beta: 0.5 }), numbers);
    const value = -Math.log(sigma(0.5)) - Math.log(sigma(2.5)) - Math.log(sigma(2.5)) - Math.log(sigma(0.5));
    assertClose([loss], [value / 2], 1e-6, "loss");
    const [near, far] = [0.25 * sigma(-0.5), 0.25 * sigma(-2.5)];
    assertClose([...gradientChosen, ...gradientRejected], [-near, -far, far, near], 1e-6, "gradient");
  });

  it("classifies the rewards of a later step against the mean over all steps so far", async () => {
    // β·ρ_w = 3 and 5, β·ρ_l = 0 and 2: the mean is 2.5, and 1.5 over both steps.
    const later = { ...numbers, policyChosen: [-4, 0], policyRejected: [-6, -2] };
    const [, second] = await lossOverSteps(engine, bcoPair({ beta: 0.5 }), [numbers, later], 2);
    const value = -Math.log(sigma(1.5)) - Math.log(sigma(3.5)) - Math.log(sigma(1.5)) - Math.log(sigma(-0.5));
    assertClose([second!.loss], [value / 2], 1e-6, "loss");
    const expected = [-sigma(-1.5), -sigma(-3.5), sigma(-1.5), sigma(0.5)].map((slope) => slope / 4);
    assertClose([...second!.gradientChosen, ...second!.gradientRejected], expected, 1e-6, "gradient");
  });

  it("keeps the mean of the rewards over all steps so far", async () => {
    const policy = await tinyPolicy(new ProgramCache(engine));
    const loss = bcoPair({ beta: 0.5 });
    const pairs = randomPairs(6, Random.seeded(3)).map(({ prompt, chosen, rejected }, i): ReferencedPair => {
      return {
        chosen: { prompt, response: chosen },
        rejected: { prompt, response: rejected },
        referenceChosen: -80 - 9 * i,
        referenceRejected: -90,
      };
    });
    const options = { batchSize: 2, epochs: 2, learningRate: 1e-3 };
    const training = await Trainer.begin(policy, preference(loss), pairs, options, Random.seeded(1));
    const means: number[] = [];
    for await (const record of training.steps()) {
      means.push((record["rewards/chosen"]! + record["rewards/rejected"]!) / 2);
      const { moments } = await training.state();
      const kept = loss.running!.names.map((name) => moments.get(name)!.data[0]!);
      assertClose(kept, [means.reduce((a, b) => a + b) / means.length, means.length], 1e-5);
    }
    assert.equal(means.length, 6);
    assert.ok(Math.max(...means) - Math.min(...means) > 1);
  });
});
