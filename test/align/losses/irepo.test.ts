import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { losses } from "../../../src/align/losses/index.js";
import { preference } from "../../../src/align/preference.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { assertClose } from "../../support/compare.js";
import { lossByMeaning } from "../../support/loss-case.js";
import { objectiveCase } from "../../support/objective-case.js";
import { pairsOf, systemFixtures, systemOn } from "../../support/system-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

describe("irepo", () => {
  for (const fixture of systemFixtures("irepo")) {
    it(`matches PyTorch's values and gradients: ${JSON.stringify(fixture.settings)}`, async () => {
      const found = await systemOn(engine, fixture, { slots: 1, tokens: 2 });
      assertClose([found.value], [fixture.value], 1e-5);
      assertClose(found.gradients, fixture.gradients, 1e-5);
    });
  }

  it("is the mean squared distance of β(ρ_w − ρ_l) from each pair's target", () => {
    const numbers = {
      policyChosen: [-3, -5],
      policyRejected: [-4, -2],
      referenceChosen: [-5, -5],
      referenceRejected: [-3, -6],
      columns: { target: [1, -2] },
    };
    const { loss, gradientChosen, gradientRejected } = lossByMeaning(losses.irepo({ beta: 0.5 }), numbers);
    // ρ_w − ρ_l is 3 and −4.
    assertClose([loss], [((1.5 - 1) ** 2 + (-2 + 2) ** 2) / 2], 1e-12);
    assertClose([...gradientChosen, ...gradientRejected], [0.25, 0, -0.25, 0], 1e-12);
  });

  it("requires a target for every pair", () => {
    const [fixture] = systemFixtures("irepo");
    const { pairs } = pairsOf(fixture!);
    const { columns: _, ...bare } = pairs[1]!;
    assert.throws(() => objectiveCase(preference(losses.irepo({ beta: 1 })), [pairs[0]!, bare]), {
      name: "InputError",
      message:
        'pair 2 has no column "target", which the loss needs of every pair; use methods.irepo, or give the pairs their log strength ratio as columns.target',
    });
  });
});
