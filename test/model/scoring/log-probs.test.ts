import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { Graph } from "../../../src/graph/index.js";
import { stateWeights } from "../../../src/model/parameters/network.js";
import { exactShape, layOut, rowsOf, type Row } from "../../../src/model/scoring/batch.js";
import { batchLeaves, sumByResponse, weightedTokenLogProbs, type BatchShape } from "../../../src/model/scoring/log-probs.js";
import { assertClose } from "../../support/compare.js";
import { loadModelCase, modelCases, type ModelCase } from "../../support/model-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

async function logProbsOf({ config, parameters }: ModelCase, rows: readonly Row[], shape: BatchShape, padId: number, tokenWeight: number) {
  const graph = new Graph();
  const leaves = batchLeaves(graph, shape);
  const perToken = weightedTokenLogProbs(config, stateWeights(graph, config), leaves);
  const state = await engine.createState(parameters);
  const executable = await engine.prepare({ outputs: { perToken, byResponse: sumByResponse(perToken, leaves) }, updates: new Map() });
  const found = await executable.run({ ...layOut(rows, shape, padId, tokenWeight) }, [state]);
  await executable.release();
  await state.free();
  return { perToken: found.perToken!.data, byResponse: found.byResponse!.data };
}

for (const name of modelCases) {
  for (const sharePrompts of [false, true]) {
    describe(`log-probabilities of responses, ${sharePrompts ? "those of a prompt in one row" : "each in its row"} (${name})`, () => {
      it("are those of PyTorch, token by token and summed", async () => {
        const given = await loadModelCase(name);
        const perToken = given.pairs.flatMap(({ chosenLogProbs, rejectedLogProbs }) => [...chosenLogProbs, ...rejectedLogProbs]);
        const rows = rowsOf(given.sequences, sharePrompts);
        assert.equal(rows.length, given.pairs.length * (sharePrompts ? 1 : 2));
        const found = await logProbsOf(given, rows, exactShape(rows), 0, 1);
        assertClose(found.perToken, perToken, 1e-5, "per token");
        assertClose(found.byResponse, given.logProbs, 1e-5, "by response");
      });

      it("count their weight, and padding counts nothing, whatever token it is made of", async () => {
        const given = await loadModelCase(name);
        const rows = rowsOf(given.sequences, sharePrompts);
        const exact = exactShape(rows);
        const { length, completions } = exact;
        const padded = { ...exact, rows: exact.rows + 2, length: length + 5, responses: exact.responses + 2, completions: completions + 3 };
        const found = await logProbsOf(given, rows, padded, 17, 0.5);
        assertClose(found.byResponse, [...given.logProbs.map((x) => x / 2), 0, 0], 1e-5, "by response");
        assert.deepEqual([...found.perToken.subarray(completions)].map(Math.abs), [0, 0, 0]);
      });
    });
  }
}
