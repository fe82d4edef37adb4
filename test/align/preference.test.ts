import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { dpo } from "../../src/align/losses/dpo.js";
import { losses, lossNamed, type LossName, type PreferenceLoss } from "../../src/align/losses/index.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { InputError } from "../../src/base/errors.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { assertClose, relativeError } from "../support/compare.js";
import { lossFixtures, metricsWithTrlReward } from "../support/loss-case.js";
import { loadModelCase, modelCases } from "../support/model-case.js";
import { lossAndGradients } from "../support/loss-and-gradients.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

for (const name of modelCases) {
  describe(`training on preferences (${name})`, () => {
    it("matches PyTorch's loss and its gradient by every parameter", async () => {
      const given = await loadModelCase(name);
      const { loss, gradients } = await lossAndGradients(
        engine,
        given,
        preference(dpo(given.dpo)),
        given.referencedPairs,
      );
      assertClose([loss], [given.dpo.loss], 1e-5, "loss");
      assert.equal(gradients.size, given.dpoGradients.size);
      for (const [parameter, { data }] of gradients) {
        const error = relativeError(data, given.dpoGradients.get(parameter)!.data);
        assert.ok(error <= 1e-5, `${parameter}: ${error}`);
      }
    });

    for (const sharePrompts of [false, true]) {
      it(`does not depend on padding or the order of the pairs, ${sharePrompts ? "in shared rows" : "in rows of their own"}`, async () => {
        const given = await loadModelCase(name);
        const objective = preference(dpo(given.dpo));
        const padding = { slots: 1, length: 3, completions: 4 };
        const { loss, gradients } = await lossAndGradients(
          engine,
          given,
          objective,
          given.referencedPairs.toReversed(),
          padding,
          sharePrompts,
        );
        assertClose([loss], [given.dpo.loss], 1e-5, "loss");
        for (const [parameter, { data }] of gradients) {
          const error = relativeError(data, given.dpoGradients.get(parameter)!.data);
          assert.ok(error <= 1e-5, `${parameter}: ${error}`);
        }
      });
    }

    it("starts at ln 2 if the policy is the reference", async () => {
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

describe("metrics", () => {
  const prompt = new Int32Array(1);
  const response = (length: number) => ({ prompt, response: new Int32Array(length) });

  for (const fixture of lossFixtures().filter(({ metrics }) => metrics)) {
    const { loss, settings, extreme, metrics } = fixture;
    it(`match TRL: ${JSON.stringify({ loss, ...settings })}${extreme ? ", log-ratios of ±1000 and beyond" : ""}`, () => {
      const found = metricsWithTrlReward(fixture);
      // TRL takes the mean of the accuracies in float32.
      for (const [name, value] of Object.entries(metrics!)) assertClose([found[name]!], [value], 1e-7, name);
    });
  }

  it("include rewards of β times the loss's own reward", () => {
    const pairs: ReferencedPair[] = [
      { chosen: response(4), rejected: response(2), referenceChosen: -10, referenceRejected: -6 },
    ];
    const fetched = { policyChosen: Float64Array.of(-8), policyRejected: Float64Array.of(-10) };
    const rewards = (loss: PreferenceLoss) => {
      const found = preference(loss).metrics(pairs, fetched);
      return ["chosen", "rejected", "margins", "accuracies"].map((name) => found[`rewards/${name}`]!);
    };
    assert.deepEqual(rewards(losses.dpo({ beta: 0.5 })), [1, -2, 3, 1]);
    assert.deepEqual(rewards(losses.ipo({ beta: 0.5 })), [0.25, -1, 1.25, 1]);
    assert.deepEqual(rewards(losses.simpo({ beta: 0.5 })), [-1, -2.5, 1.5, 1]);
    const [chosen, rejected] = [-2, -5].map((mean) => 0.5 * (mean - Math.log1p(-Math.exp(mean)))) as [number, number];
    assertClose(rewards(losses.orpo({ beta: 0.5 })), [chosen, rejected, chosen - rejected, 1], 1e-12);
  });
});

describe("a preference objective", () => {
  const sequence = { prompt: new Int32Array(1), response: new Int32Array(2) };
  const unreferenced: ReferencedPair = { chosen: sequence, rejected: sequence };

  it("refuses a pair without the reference's log-probabilities if the loss needs them", () => {
    const feed = (name: LossName) =>
      preference(lossNamed(name, { beta: 0.1 })).feed([unreferenced], {
        step: [unreferenced],
        slots: 1,
        tokens: 4,
        columns: [],
      });
    assert.throws(
      () => feed("dpo"),
      /^InputError: the loss dpo needs the reference's log-probability of every response, and one has none/,
    );
    assert.deepEqual([...(feed("simpo").feeds.referenceChosen as Float32Array)], [0]);
  });

  it("refuses micro-batches if the loss compares all pairs of a step", () => {
    const check = (name: LossName, microBatchSize?: number) => () =>
      preference(lossNamed(name, { beta: 0.1 })).check!({
        batchSize: 8,
        epochs: 1,
        ...(microBatchSize && { microBatchSize }),
      });
    for (const name of ["kto-pair", "bco-pair", "aot", "aot-unpaired"] as const) {
      const message =
        `microBatchSize: the loss ${name} compares all pairs of a step, so they cannot be split into micro-batches of 2; ` +
        "leave it out, and lower batchSize (8) to what fits into memory";
      assert.throws(check(name, 2), new InputError(message));
      check(name)();
      check(name, 8)();
    }
    check("dpo", 2)();
  });
});
