import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { losses } from "../../../src/align/losses/index.js";
import { preference } from "../../../src/align/preference.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning } from "../../support/loss-case.js";
import { systemFixtures, systemOn } from "../../support/system-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

describe("aihf", () => {
  for (const fixture of systemFixtures("aihf")) {
    it(`matches PyTorch's values and gradients: ${JSON.stringify(fixture.settings)}`, async () => {
      const found = await systemOn(engine, fixture, { slots: 1, tokens: 3 });
      assertClose([found.value], [fixture.value], 1e-5);
      assertClose(found.gradients, fixture.gradients, 1e-5);
    });
  }

  it("is DPO's loss for a pair and the negative log-likelihood for a demonstration", () => {
    const numbers = {
      policyChosen: [-3, -5],
      policyRejected: [-4, 0],
      referenceChosen: [-5, 0],
      referenceRejected: [-3, 0],
    };
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(losses.aihf({ beta: 0.5 }), {
      ...numbers,
      columns: { demonstration: [0, 1] },
    });
    const slope = -0.5 / (1 + Math.exp(1.5));
    assertClose([loss], [(Math.log1p(Math.exp(-1.5)) + 5) / 2], 1e-12);
    assertClose([...gradientChosen, ...gradientRejected], [slope / 2, -0.5, -slope / 2, 0], 1e-12);
  });

  it("leaves demonstrations out of the reward metrics", () => {
    const sequence = (length: number) => ({ prompt: new Int32Array(1), response: new Int32Array(length) });
    const demonstration = {
      chosen: sequence(3),
      rejected: sequence(0),
      referenceChosen: 0,
      referenceRejected: 0,
      columns: { demonstration: 1 },
    };
    const pair = {
      chosen: sequence(1),
      rejected: sequence(1),
      referenceChosen: -2,
      referenceRejected: -3,
      columns: { demonstration: 0 },
    };
    const { metrics } = preference(losses.aihf({ beta: 0.5 }));
    const found = metrics([demonstration, pair], {
      policyChosen: Float64Array.of(-9, -1),
      policyRejected: Float64Array.of(0, -4),
    });
    assert.deepEqual(found, {
      "rewards/chosen": 0.5,
      "rewards/rejected": -0.5,
      "rewards/margins": 1,
      "rewards/accuracies": 1,
      "logps/chosen": -5,
      "logps/rejected": -4,
    });
    assert.deepEqual(
      metrics([demonstration], { policyChosen: Float64Array.of(-9), policyRejected: Float64Array.of(0) }),
      { "logps/chosen": -9 },
    );
  });
});
