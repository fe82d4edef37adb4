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
import { lossByMeaning, plainLossNames } from "../support/loss-case.js";
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

const evaluations = (record: StepRecord) => Object.entries(record).filter(([name]) => name.startsWith("eval_"));

describe("an evaluation", () => {
  for (const name of plainLossNames) {
    it(`does not depend on the batch size or on shared prompts (${name})`, async () => {
      const whole = evaluations(await evaluated(name, { batchSize: 12 }));
      assert.ok(whole.length >= 7);
      // BCO's running mean comes from the training steps, which differ with the batch size.
      const changes = name === "bco-pair" ? [] : [{ batchSize: 5 }, { batchSize: 1 }];
      for (const change of [...changes, { batchSize: 12, sharePrompts: true }]) {
        const found = new Map(evaluations(await evaluated(name, change)));
        for (const [metric, value] of whole)
          assertClose([found.get(metric)!], [value], 2e-5, `${metric}, ${JSON.stringify(change)}`);
      }
    });
  }

  for (const name of ["aot", "aot-unpaired", "kto-pair"] as const) {
    it(`computes the loss over all pairs together, as in one step (${name})`, async () => {
      const policy = await tinyPolicy(programs);
      const logProbs = await responseLogProbs(
        policy,
        pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]),
      );
      const { loss } = lossByMeaning(lossNamed(name, { beta: 0.1 }), {
        policyChosen: pairs.map((_, i) => logProbs[2 * i]!),
        policyRejected: pairs.map((_, i) => logProbs[2 * i + 1]!),
        referenceChosen: pairs.map(({ referenceChosen }) => referenceChosen!),
        referenceRejected: pairs.map(({ referenceRejected }) => referenceRejected!),
      });
      assertClose([(await evaluated(name, { batchSize: 4 })).eval_loss!], [loss], 1e-5, "eval_loss");
    });
  }
});
