import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { supervised } from "../../src/align/sft.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { assertClose, relativeError } from "../support/compare.js";
import { llamaCases, loadLlamaCase } from "../support/llama-case.js";
import { lossAndGradients } from "../support/loss-and-gradients.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

for (const name of llamaCases) {
  describe(`supervised fine-tuning (${name})`, () => {
    it("matches PyTorch's loss and its gradient by every parameter", async () => {
      const given = await loadLlamaCase(name);
      const chosen = given.referencedPairs.map((pair) => pair.chosen);
      const { loss, gradients } = await lossAndGradients(engine, given, supervised, chosen);
      assertClose([loss], [given.sft.loss], 1e-5, "loss");
      assert.equal(gradients.size, given.sftGradients.size);
      for (const [parameter, { data }] of gradients) {
        const error = relativeError(data, given.sftGradients.get(parameter)!.data);
        assert.ok(error <= 1e-5, `${parameter}: ${error}`);
      }
    });

    it("does not depend on padding or the order of the examples", async () => {
      const given = await loadLlamaCase(name);
      const chosen = given.referencedPairs.map((pair) => pair.chosen);
      const expected = await lossAndGradients(engine, given, supervised, chosen);
      const padding = { slots: 2, length: 3, completions: 4 };
      const found = await lossAndGradients(engine, given, supervised, chosen.toReversed(), padding);
      assertClose([found.loss], [expected.loss], 1e-6, "loss");
      for (const [parameter, { data }] of found.gradients) {
        const error = relativeError(data, expected.gradients.get(parameter)!.data);
        assert.ok(error <= 1e-5, `${parameter}: ${error}`);
      }
    });
  });
}
