import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { lossNamed, type LossName } from "../../src/align/losses/index.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { Trainer, type StepRecord } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { assertClose } from "../support/compare.js";
import { lossByMeaning, lossOverSteps, plainLossNames, type PairNumbers } from "../support/loss-case.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const pairs = randomPairs(12, Random.seeded(4)).map(
  ({ prompt, chosen, rejected }, i): ReferencedPair => ({
    chosen: { prompt, response: chosen },
    rejected: { prompt, response: rejected },
    referenceChosen: -6 * chosen.length - i,
    referenceRejected: -6 * rejected.length + 2 * i - 9,
  }),
);

/** Returns the record, with its evaluation, of a step that barely changes the policy. */
async function evaluated(
  name: LossName,
  change: { batchSize: number; microBatchSize?: number; sharePrompts?: boolean },
): Promise<StepRecord> {
  const options = { epochs: 1, learningRate: 1e-12, evaluateEvery: 1, ...change };
  const objective = preference(lossNamed(name, { beta: 0.1 }));
  const training = await Trainer.begin(
    await tinyPolicy(programs),
    objective,
    pairs.slice(0, change.batchSize),
    options,
    Random.seeded(1),
    { validation: pairs },
  );
  for await (const record of training.steps()) {
    await training.end();
    return record;
  }
  throw new Error("no step was taken");
}

/** The log-probabilities of some pairs under the policy and the reference. */
async function numbersOf(some: readonly ReferencedPair[]): Promise<PairNumbers> {
  const sequences = some.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const logProbs = await responseLogProbs(await tinyPolicy(programs), sequences);
  return {
    policyChosen: some.map((_, i) => logProbs[2 * i]!),
    policyRejected: some.map((_, i) => logProbs[2 * i + 1]!),
    referenceChosen: some.map(({ referenceChosen }) => referenceChosen!),
    referenceRejected: some.map(({ referenceRejected }) => referenceRejected!),
  };
}

const evaluations = (record: StepRecord) => Object.entries(record).filter(([name]) => name.startsWith("eval_"));

describe("an evaluation", () => {
  for (const name of plainLossNames) {
    it(`does not depend on the batch size or on shared prompts (${name})`, async () => {
      const whole = evaluations(await evaluated(name, { batchSize: 12 }));
      assert.ok(whole.length >= 7);
      for (const change of [{ batchSize: 5 }, { batchSize: 1 }, { batchSize: 12, sharePrompts: true }]) {
        const found = new Map(evaluations(await evaluated(name, change)));
        // BCO's loss reads the mean reward of the training steps, which differ with the batch size; see below.
        const dependsOnSteps = name === "bco-pair" && change.batchSize < 12;
        for (const [metric, value] of whole)
          if (!(dependsOnSteps && metric === "eval_loss"))
            assertClose([found.get(metric)!], [value], 2e-5, `${metric}, ${JSON.stringify(change)}`);
      }
    });
  }

  for (const name of ["aot", "aot-unpaired", "kto-pair"] as const) {
    it(`computes the loss over all pairs together, as in one step (${name})`, async () => {
      const { loss } = lossByMeaning(lossNamed(name, { beta: 0.1 }), await numbersOf(pairs));
      assertClose([(await evaluated(name, { batchSize: 4 })).eval_loss!], [loss], 1e-5, "eval_loss");
    });
  }

  for (const batchSize of [1, 4, 12]) {
    it(`computes BCO's loss over all pairs together as the step after the last training step, of ${batchSize} pairs`, async () => {
      const steps = [await numbersOf(pairs.slice(0, batchSize)), await numbersOf(pairs)];
      const [, next] = await lossOverSteps(engine, lossNamed("bco-pair", { beta: 0.1 }), steps, pairs.length);
      assertClose([(await evaluated("bco-pair", { batchSize })).eval_loss!], [next!.loss], 1e-5, "eval_loss");
    });
  }
});
