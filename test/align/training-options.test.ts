import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { dpo } from "../../src/align/losses/dpo.js";
import { lossNamed } from "../../src/align/losses/index.js";
import { mixed } from "../../src/align/moving-average.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { supervised } from "../../src/align/sft.js";
import { Trainer, type StepRecord, type TrainerInputs, type TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import type { Parameters as Weights } from "../../src/model/parameters/parameters.js";
import { Policy } from "../../src/model/policy/policy.js";
import { pairLogProbs } from "../../src/review/log-ratios.js";
import { assertClose, assertSameTensors, largestDifference } from "../support/compare.js";
import { byteTokenizer, randomPairs, randomSequences, tinyConfig, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const objective = preference(dpo({ beta: 0.1 }));
const options: TrainingOptions = { batchSize: 4, epochs: 2, learningRate: 1e-2, schedule: "constant" };

/** Pairs with reference log-probabilities from {@link tinyPolicy}. */
const referenced = async (count: number, seed: number): Promise<ReferencedPair[]> =>
  referencedBy(await tinyPolicy(programs), count, seed);

async function referencedBy(policy: Policy, count: number, seed: number): Promise<ReferencedPair[]> {
  const pairs = randomPairs(count, Random.seeded(seed));
  const { chosen, rejected } = await pairLogProbs(policy, pairs);
  return pairs.map(({ prompt, ...pair }, i) => ({
    chosen: { prompt, response: pair.chosen },
    rejected: { prompt, response: pair.rejected },
    referenceChosen: chosen[i]!,
    referenceRejected: rejected[i]!,
  }));
}

const pairs = await referenced(12, 2);
const validation = await referenced(5, 3);

interface Trained {
  readonly records: readonly StepRecord[];
  /** The parameters after each step. */
  readonly path: readonly Weights[];
  readonly parameters: Weights;
}

async function train(
  change: Partial<TrainingOptions> = {},
  inputs: TrainerInputs<ReferencedPair> = { validation },
): Promise<Trained> {
  const policy = await tinyPolicy(programs);
  const training = await Trainer.begin(policy, objective, pairs, { ...options, ...change }, Random.seeded(7), inputs);
  const records: StepRecord[] = [];
  const path: Weights[] = [];
  for await (const record of training.steps()) {
    records.push(record);
    path.push(await policy.parameters());
  }
  await training.end();
  return { records, path, parameters: await policy.parameters() };
}

/** Computes the mean DPO loss over the pairs. */
async function lossUnder(parameters: Weights, on: readonly ReferencedPair[]): Promise<number> {
  const policy = await Policy.create(programs, { config: tinyConfig, parameters, tokenizer: byteTokenizer });
  const { chosen, rejected } = await pairLogProbs(
    policy,
    on.map(({ chosen, rejected }) => ({ prompt: chosen.prompt, chosen: chosen.response, rejected: rejected.response })),
  );
  const losses = on.map((pair, i) =>
    Math.log1p(Math.exp(-0.1 * (chosen[i]! - pair.referenceChosen! - rejected[i]! + pair.referenceRejected!))),
  );
  return losses.reduce((a, b) => a + b) / losses.length;
}

const evaluated = (records: readonly StepRecord[]) => records.filter((record) => "eval_loss" in record);

describe("evaluations during training", () => {
  it("run every `evaluateEvery` steps and after the last, under TRL's names, and do not change the training", async () => {
    const { records, path, parameters } = await train({ evaluateEvery: 4, microBatchSize: 2 });
    const without = await train({ microBatchSize: 2 });
    assertSameTensors(parameters, without.parameters);
    assert.deepEqual(
      evaluated(records).map(({ step }) => step),
      [4, 6],
    );
    for (const record of evaluated(records)) {
      assertClose([record["eval_loss"]!], [await lossUnder(path[record.step - 1]!, validation)], 1e-5, "eval_loss");
      const names = [
        "eval_logps/chosen",
        "eval_logps/rejected",
        "eval_loss",
        "eval_rewards/accuracies",
        "eval_rewards/chosen",
        "eval_rewards/margins",
        "eval_rewards/rejected",
      ];
      assert.deepEqual(
        Object.keys(record)
          .filter((name) => name.startsWith("eval_"))
          .sort(),
        names,
      );
    }
  });

  it("need validation examples", async () => {
    await assert.rejects(train({ evaluateEvery: 4 }, {}), {
      name: "InputError",
      message:
        "evaluateEvery: found 4, but no responses to compute a loss on; pass pairs as `validation` or `heldOut` (prompts alone have no responses), or leave evaluateEvery out",
    });
  });

  it("run on resuming if they were interrupted, and their step is reported then", async () => {
    const expected = await train({ evaluateEvery: 1 });
    const policy = await tinyPolicy(programs);
    const settings = { ...options, evaluateEvery: 1 };
    const controller = new AbortController();
    /** Aborts before the second evaluation is done, so that the record of its step is pending. */
    const stopping = {
      ...objective,
      metrics: (...args: Parameters<typeof objective.metrics>) => (
        calls++ === 2 ? controller.abort(new Error("stopped")) : undefined, objective.metrics(...args)
      ),
    };
    let calls = 0;
    const first = await Trainer.begin(policy, stopping, pairs, settings, Random.seeded(7), { validation });
    const records: StepRecord[] = [];
    await assert.rejects(async () => {
      for await (const record of first.steps(controller.signal)) records.push(record);
    }, /stopped/);
    const position = await first.state();
    assert.deepEqual([records.length, position.step, position.pendingRecord?.step], [1, 2, 2]);
    const second = await Trainer.begin(policy, objective, pairs, settings, Random.seeded(7), {
      validation,
      from: position,
    });
    for await (const record of second.steps()) records.push(record);
    assert.deepEqual(records, expected.records);
    assertSameTensors(await policy.parameters(), expected.parameters);
  });
});

describe("the best evaluation", () => {
  for (const [keepBestBy, sign] of [
    ["eval_loss", 1],
    ["eval_rewards/margins", -1],
    ["eval_rewards/accuracies", -1],
  ] as const) {
    it(`by ${keepBestBy} decides which parameters are kept`, async () => {
      const { records, path, parameters } = await train({ evaluateEvery: 1, epochs: 4, keepBestBy });
      const values = records.map((record) => sign * record[keepBestBy]!);
      const best = values.indexOf(Math.min(...values));
      assert.ok(best < records.length - 1, `the last step is the best, ${values.join(" ")}`);
      assertSameTensors(parameters, path[best]!);
    });
  }

  it("ends the training if the next `patience` evaluations are no better", async () => {
    const whole = await train({ evaluateEvery: 1, epochs: 4, keepBestBy: "eval_loss" });
    const { records, parameters } = await train({ evaluateEvery: 1, epochs: 4, keepBestBy: "eval_loss", patience: 2 });
    const losses = records.map((record) => record["eval_loss"]!);
    const best = losses.indexOf(Math.min(...losses));
    assert.equal(records.length, best + 3);
    assert.deepEqual(records, whole.records.slice(0, records.length));
    assertSameTensors(parameters, whole.path[best]!);
  });

  it("must be chosen by a metric that is evaluated", async () => {
    const policy = await tinyPolicy(programs);
    const sequences = randomSequences(4, Random.seeded(1));
    const settings: TrainingOptions = { ...options, evaluateEvery: 1, keepBestBy: "eval_rewards/margins" };
    const training = await Trainer.begin(policy, supervised, sequences, settings, Random.seeded(1), {
      validation: sequences,
    });
    await assert.rejects(training.steps().next(), {
      name: "InputError",
      message: 'keepBestBy: this training does not evaluate "eval_rewards/margins"; choose one of eval_loss',
    });
  });
});

describe("a moving average of the parameters", () => {
  it("is evaluated and kept, and does not change the steps", async () => {
    const { records, path, parameters } = await train({ evaluateEvery: 3, emaDecay: 0.75 });
    const plain = await train();
    assert.deepEqual(
      records.map(({ loss }) => loss),
      plain.records.map(({ loss }) => loss),
    );
    let average = await (await tinyPolicy(programs)).parameters();
    const averages = path.map((newest) => (average = mixed(average, newest, 0.25)));
    assertSameTensors(parameters, averages.at(-1)!);
    for (const { step, eval_loss: loss } of evaluated(records)) {
      assertClose([loss!], [await lossUnder(averages[step - 1]!, validation)], 1e-5, `step ${step}`);
    }
  });
});

describe("a moving reference", () => {
  const ln2 = (loss: number) => Math.abs(loss - Math.LN2) < 1e-5;

  it("is replaced by the policy every `everySteps` steps (TR-DPO, hard)", async () => {
    const everyStep = await train({ referenceUpdate: { everySteps: 1 } });
    assert.deepEqual(
      everyStep.records.map(({ loss }) => ln2(loss)),
      [true, true, true, true, true, true],
    );
    const everySecond = await train({ referenceUpdate: { everySteps: 2 } });
    assert.deepEqual(
      everySecond.records.map(({ loss }) => ln2(loss)),
      [true, false, true, false, true, false],
    );
  });

  it("moves by the share `ema` towards the policy after each step (TR-DPO, soft)", async () => {
    // Each step has all pairs, so that its loss can be recomputed from the recorded parameters.
    const { records, path } = await train({
      batchSize: 12,
      epochs: 3,
      evaluateEvery: 1,
      referenceUpdate: { ema: 0.4 },
    });
    let reference = await (await tinyPolicy(programs)).parameters();
    for (const [i, record] of records.entries()) {
      const before = i === 0 ? reference : path[i - 1]!;
      const policy = await Policy.create(programs, {
        config: tinyConfig,
        parameters: reference,
        tokenizer: byteTokenizer,
      });
      assertClose([record.loss], [await lossUnder(before, await referencedBy(policy, 12, 2))], 1e-5, `step ${i + 1}`);
      reference = mixed(reference, path[i]!, 0.4);
      const moved = await Policy.create(programs, {
        config: tinyConfig,
        parameters: reference,
        tokenizer: byteTokenizer,
      });
      assertClose(
        [record["eval_loss"]!],
        [await lossUnder(path[i]!, await referencedBy(moved, 5, 3))],
        1e-5,
        `evaluation ${i + 1}`,
      );
    }
  });

  it("starts from given reference parameters", async () => {
    const referenceParameters = await (await tinyPolicy(programs, 5)).parameters();
    const { records } = await train({ batchSize: 12, referenceUpdate: { everySteps: 9 } }, { referenceParameters });
    const other = await referencedBy(await tinyPolicy(programs, 5), 12, 2);
    assertClose(
      [records[0]!.loss],
      [await lossUnder(await (await tinyPolicy(programs)).parameters(), other)],
      1e-5,
      "first loss",
    );
  });

  it("is refused if the objective has no reference", async () => {
    const training = Trainer.begin(
      await tinyPolicy(programs),
      supervised,
      randomSequences(4, Random.seeded(1)),
      { ...options, referenceUpdate: { ema: 0.5 } },
      Random.seeded(1),
    );
    await assert.rejects(training, {
      name: "InputError",
      message: "referenceUpdate: the objective has no reference to update (sft); leave it out",
    });
    const simpo = preference(lossNamed("simpo", { beta: 2 }));
    const withSimpo = Trainer.begin(
      await tinyPolicy(programs),
      simpo,
      pairs,
      { ...options, referenceUpdate: { ema: 0.5 } },
      Random.seeded(1),
    );
    await assert.rejects(withSimpo, {
      name: "InputError",
      message: /^referenceUpdate: the objective has no reference to update \(simpo\); leave it out$/,
    });
  });
});

describe("mixed", () => {
  it("interpolates between two sets of parameters by the weight of the newest", async () => {
    const [a, b] = [
      await (await tinyPolicy(programs, 1)).parameters(),
      await (await tinyPolicy(programs, 2)).parameters(),
    ];
    assertSameTensors(mixed(a, b, 0), a);
    for (const [name, { data }] of mixed(a, b, 1)) assert.ok(largestDifference(data, b.get(name)!.data) < 1e-6, name);
    const [name] = a.keys();
    assertClose(
      [mixed(a, b, 0.25).get(name!)!.data[0]!],
      [0.75 * a.get(name!)!.data[0]! + 0.25 * b.get(name!)!.data[0]!],
      1e-6,
    );
  });
});
