import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { dpo } from "../../src/align/losses/dpo.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { assertClose, relativeError } from "../support/compare.js";
import { loadModelCase, modelCases } from "../support/model-case.js";
import { lossAndGradients } from "../support/loss-and-gradients.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

for (const name of modelCases) {
  describe(`training on preferences (${name})`, () => {
    it("has PyTorch's loss, and its gradient by every parameter", async () => {
      const given = await loadModelCase(name);
      const { loss, gradients } = await lossAndGradients(engine, given, preference(dpo(given.dpo)), given.referencedPairs);
      assertClose([loss], [given.dpo.loss], 1e-5, "loss");
      assert.equal(gradients.size, given.dpoGradients.size);
      for (const [parameter, { data }] of gradients) {
        const error = relativeError(data, given.dpoGradients.get(parameter)!.data);
        assert.ok(error <= 1e-5, `${parameter}: ${error}`);
      }
    });

    for (const sharePrompts of [false, true]) {
      it(`is not changed by padding, nor by the order of the pairs, ${sharePrompts ? "in shared rows" : "in rows of their own"}`, async () => {
        const given = await loadModelCase(name);
        const objective = preference(dpo(given.dpo));
        const padding = { places: 1, length: 3, completions: 4 };
        const { loss, gradients } = await lossAndGradients(engine, given, objective, given.referencedPairs.toReversed(), padding, sharePrompts);
        assertClose([loss], [given.dpo.loss], 1e-5, "loss");
        for (const [parameter, { data }] of gradients) {
          const error = relativeError(data, given.dpoGradients.get(parameter)!.data);
          assert.ok(error <= 1e-5, `${parameter}: ${error}`);
        }
      });
    }

    it("starts at ln 2, where the policy is the reference", async () => {
      const given = await loadModelCase(name);
      const pairs = given.referencedPairs.map((pair, i) => ({
        ...pair,
        referenceChosen: given.pairs[i]!.chosenLogProb,
        referenceRejected: given.pairs[i]!.rejectedLogProb,
      }));
      const { loss } = await lossAndGradients(engine, given, preference(dpo({ beta: 0.1 })), pairs);
      assertClose([loss], [Math.LN2], 1e-6, "loss");
    });
  });
}

interface TrlBatch extends Record<string, number | number[]> {
  readonly beta: number;
  readonly chosen: number[];
  readonly rejected: number[];
  readonly referenceChosen: number[];
  readonly referenceRejected: number[];
}

describe("metrics", () => {
  const { batches } = JSON.parse(readFileSync("test/fixtures/losses/dpo.json", "utf8")) as { batches: TrlBatch[] };
  const none = { prompt: new Int32Array(0), response: new Int32Array(0) };

  for (const [i, batch] of batches.entries()) {
    it(`are those of TRL (batch ${i}, β ${batch.beta})`, () => {
      const pairs: ReferencedPair[] = batch.chosen.map((_, p) => ({
        chosen: none,
        rejected: none,
        referenceChosen: batch.referenceChosen[p]!,
        referenceRejected: batch.referenceRejected[p]!,
      }));
      const metrics = preference(dpo(batch)).metrics(pairs, {
        policyChosen: Float64Array.from(batch.chosen),
        policyRejected: Float64Array.from(batch.rejected),
      });
      for (const name of ["rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies"]) {
        // TRL takes the mean of the accuracies in float32.
        assertClose([metrics[name]!], [batch[name] as number], 1e-7, name);
      }
      const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
      assertClose([metrics["logps/chosen"]!, metrics["logps/rejected"]!], [mean(batch.chosen), mean(batch.rejected)], 1e-12);
    });
  }
});
