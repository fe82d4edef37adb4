import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { assertClose } from "../../support/compare.js";
import { logitsOf } from "../../support/logits-of.js";
import { loadModelCase, modelCases } from "../../support/model-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

for (const name of modelCases) {
  describe(`the decoder (${name})`, () => {
    it("matches PyTorch's logits", async () => {
      const { config, parameters, logits } = await loadModelCase(name);
      assertClose(await logitsOf(engine, config, parameters, [logits.row]), logits.values.flat(), 1e-5, "logits");
    });

    it("attends neither to later tokens nor to other rows", async () => {
      const { config, parameters, logits } = await loadModelCase(name);
      const seen = 3;
      const another = logits.row.map((token, i) => (i < seen ? token : (token + 7) % config.vocabSize));
      const found = await logitsOf(engine, config, parameters, [another, logits.row]);
      assertClose(found.subarray(0, seen * config.vocabSize), logits.values.slice(0, seen).flat(), 1e-5, "before");
      const size = logits.row.length * config.vocabSize;
      assertClose(found.subarray(size), logits.values.flat(), 1e-5, "beside");
      assert.ok(Math.abs(found[seen * config.vocabSize]! - logits.values[seen]![0]!) > 1e-3);
    });
  });
}
