import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { Graph } from "../../src/graph/index.js";
import { exactShape, layOut } from "../../src/model/batch.js";
import { batchLeaves, sumByRow, weightedTokenLogProbs, type BatchShape } from "../../src/model/log-probs.js";
import { stateWeights } from "../../src/model/network.js";
import { assertClose } from "../support/compare.js";
import { loadModelCase, modelCases, type ModelCase } from "../support/model-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

async function logProbsOf({ config, parameters, sequences }: ModelCase, shape: BatchShape, padId: number, tokenWeight: number) {
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const perToken = weightedTokenLogProbs(config, stateWeights(graph, config), leaves);
  const state = await engine.createState(parameters);
  const executable = await engine.prepare({ outputs: { perToken, byRow: sumByRow(perToken, leaves) }, updates: new Map() });
  const found = await executable.run({ ...layOut(sequences, shape, padId, tokenWeight) }, [state]);
  await executable.release();
  await state.free();
  return { perToken: found.perToken!.data, byRow: found.byRow!.data };
}

for (const name of modelCases) {
  describe(`log-probabilities of responses (${name})`, () => {
    it("are those of PyTorch, token by token and summed", async () => {
      const given = await loadModelCase(name);
      const perToken = given.pairs.flatMap(({ chosenLogProbs, rejectedLogProbs }) => [...chosenLogProbs, ...rejectedLogProbs]);
      const found = await logProbsOf(given, exactShape(given.sequences), 0, 1);
      assertClose(found.perToken, perToken, 1e-5, "per token");
      assertClose(found.byRow, given.logProbs, 1e-5, "by row");
    });

    it("count their weight, and padding counts nothing, whatever token it is made of", async () => {
      const given = await loadModelCase(name);
      const { rows, length, completions } = exactShape(given.sequences);
      const padded = { rows: rows + 2, length: length + 5, completions: completions + 3 };
      const found = await logProbsOf(given, padded, 17, 0.5);
      assertClose(found.byRow, [...given.logProbs.map((x) => x / 2), 0, 0], 1e-5, "by row");
      assert.deepEqual([...found.perToken.subarray(completions)].map(Math.abs), [0, 0, 0]);
    });
  });
}
