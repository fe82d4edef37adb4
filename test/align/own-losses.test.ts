import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { losses, type PreferenceLoss } from "../../src/align/losses/index.js";
import type { Objective } from "../../src/align/objective.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { Trainer, type StepRecord } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { neg, softplus, sub } from "../../src/graph/index.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { assertClose } from "../support/compare.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";

/* Custom losses are objects, distinguished by what they compute and not by their names. */

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

/** −log σ(Δ − margin), always with the same name and no other field that distinguishes one margin from another. */
const withMargin = (margin: number): PreferenceLoss => ({
  ...{ name: "mine", version: "1", beta: 1, reward: losses.dpo({ beta: 1 }).reward },
  perPair: ({ policyChosen, policyRejected, referenceChosen, referenceRejected }) =>
    softplus(neg(sub(sub(sub(policyChosen, referenceChosen), sub(policyRejected, referenceRejected)), margin))),
});

/** Pairs with reference log-probabilities from the policy that is trained. */
async function pairs(): Promise<ReferencedPair[]> {
  const policy = await tinyPolicy(programs);
  const all = randomPairs(6, Random.seeded(4)).map(({ prompt, chosen, rejected }) =>
    [chosen, rejected].map((response) => ({ prompt, response })),
  );
  const logProbs = await responseLogProbs(policy, all.flat());
  return all.map(([chosen, rejected], i) => ({
    chosen: chosen!,
    rejected: rejected!,
    referenceChosen: logProbs[2 * i]!,
    referenceRejected: logProbs[2 * i + 1]!,
  }));
}

async function train(objective: Objective<ReferencedPair>, epochs = 1): Promise<StepRecord[]> {
  const policy = await tinyPolicy(programs);
  const options = { batchSize: 6, epochs, learningRate: 1e-12, evaluateEvery: 1 };
  const training = await Trainer.begin(policy, objective, await pairs(), options, Random.seeded(1), {
    validation: await pairs(),
  });
  const records: StepRecord[] = [];
  for await (const record of training.steps()) records.push(record);
  await training.end();
  return records;
}

describe("custom losses with the same name", () => {
  it("each compute their own value, in training and in evaluation, in one process", async () => {
    for (const margin of [0, 5, 0, 2]) {
      const [record] = (await train(preference(withMargin(margin)))) as [StepRecord];
      const expected = Math.log1p(Math.exp(margin));
      assertClose([record.loss, record.eval_loss!], [expected, expected], 1e-5, `margin ${margin}`);
    }
  });

  it("build their graph once per training, not at each step", async () => {
    let built = 0;
    const base = preference(withMargin(1));
    const counting: Objective<ReferencedPair> = { ...base, build: (batch) => (built++, base.build(batch)) };
    await train(counting, 4);
    // The step, and its evaluation.
    assert.equal(built, 2);
  });

  it("are named in the error if one of their functions throws or returns something invalid", async () => {
    const base = preference(withMargin(1));
    const refuses = (own: Partial<Objective<ReferencedPair>>, message: RegExp) =>
      assert.rejects(train({ ...base, name: "mine", ...own }), { name: "InputError", message });
    const throwing = () => {
      throw new TypeError("no such leaf");
    };
    await refuses({ build: throwing }, /^the objective "mine": its build threw TypeError: no such leaf$/);
    await refuses({ feed: throwing }, /^the objective "mine": its feed threw TypeError: no such leaf$/);
    await refuses({ metrics: throwing }, /^the objective "mine": its metrics threw TypeError: no such leaf$/);
    await refuses(
      { build: () => undefined as never },
      /^the objective "mine": its build returned undefined, expected \{ loss, perExample \}$/,
    );
    await refuses(
      { build: (batch) => ({ loss: base.build(batch).loss }) as never },
      /^the objective "mine": its build returned an object of \["loss"\], expected \{ loss, perExample \}$/,
    );
    await refuses(
      { feed: () => ({ tokenWeight: 1 }) as never },
      /^the objective "mine": its feed returned feeds undefined, expected inputs by their names$/,
    );
    await refuses(
      { feed: (pairs, sizes) => ({ ...base.feed(pairs, sizes), tokenWeight: Float32Array.of(1, 2) }) },
      /^the objective "mine": its feed returned 2 weights in tokenWeight for \d+ tokens$/,
    );
    await refuses(
      { feed: (pairs, sizes) => ({ ...base.feed(pairs, sizes), tokenWeight: NaN }) },
      /^the objective "mine": its feed returned the weight NaN in tokenWeight, expected finite numbers$/,
    );
    const bad: PreferenceLoss = { ...withMargin(1), perPair: throwing };
    await assert.rejects(train(preference(bad)), {
      name: "InputError",
      message: 'the loss "mine": its perPair threw TypeError: no such leaf',
    });
  });

  it("pass on their version; built-in losses have none", () => {
    assert.equal(preference(withMargin(1)).version, "1");
    assert.equal(preference(losses.dpo({ beta: 1 })).version, undefined);
  });
});
