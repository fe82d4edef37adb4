import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { Graph } from "../../../src/graph/index.js";
import { decodeSequences, head } from "../../../src/model/architectures/decoder.js";
import type { ModelConfig } from "../../../src/model/config.js";
import { stateWeights } from "../../../src/model/parameters/network.js";
import type { Parameters } from "../../../src/model/parameters/parameters.js";
import { assertClose } from "../../support/compare.js";
import { loadModelCase, modelCases } from "../../support/model-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

/** Logits [rows·length, vocab] of rows of one length. */
async function logitsOf(config: ModelConfig, parameters: Parameters, rows: readonly number[][]): Promise<Float32Array> {
  const graph = new Graph();
  const network = stateWeights(graph, config);
  const tokens = graph.input("tokens", "int32", [rows.length, rows[0]!.length]);
  const logits = head(config, network, decodeSequences(config, network, tokens));
  const state = await engine.createState(parameters);
  const executable = await engine.prepare({ outputs: { logits }, updates: new Map() });
  const found = await executable.run({ tokens: Int32Array.from(rows.flat()) }, [state]);
  await executable.release();
  await state.free();
  return found.logits!.data as Float32Array;
}

for (const name of modelCases) {
  describe(`the decoder (${name})`, () => {
    it("gives the logits that PyTorch gives", async () => {
      const { config, parameters, logits } = await loadModelCase(name);
      assertClose(await logitsOf(config, parameters, [logits.row]), logits.values.flat(), 1e-5, "logits");
    });

    it("does not look at what follows, nor at other rows", async () => {
      const { config, parameters, logits } = await loadModelCase(name);
      const seen = 3;
      const another = logits.row.map((token, i) => (i < seen ? token : (token + 7) % config.vocabSize));
      const found = await logitsOf(config, parameters, [another, logits.row]);
      assertClose(found.subarray(0, seen * config.vocabSize), logits.values.slice(0, seen).flat(), 1e-5, "before");
      const size = logits.row.length * config.vocabSize;
      assertClose(found.subarray(size), logits.values.flat(), 1e-5, "beside");
      assert.ok(Math.abs(found[seen * config.vocabSize]! - logits.values[seen]![0]!) > 1e-3);
    });
  });
}
