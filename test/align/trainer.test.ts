import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { dpo } from "../../src/align/losses/dpo.js";
import type { Objective } from "../../src/align/objective.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { supervised } from "../../src/align/sft.js";
import { Trainer, type StepRecord, type TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import type { Program } from "../../src/engine/engine.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { initialParameters, type Parameters } from "../../src/model/parameters/parameters.js";
import { Policy } from "../../src/model/policy/policy.js";
import { responseLogProbs } from "../../src/model/scoring/score.js";
import { assertClose, assertSameTensors, largestDifference } from "../support/compare.js";
import { llamaCases, loadLlamaCase } from "../support/llama-case.js";
import {
  byteTokenizer,
  gpt2Config,
  gptNeoXConfig,
  randomSequences,
  tinyConfig,
  tinyPolicy,
} from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

/** Trains to the end; returns the record of every step and the final parameters. */
async function train<Example>(
  policy: Policy,
  objective: Objective<Example>,
  examples: readonly Example[],
  options: TrainingOptions,
  seed = 3,
): Promise<{ records: StepRecord[]; parameters: Parameters }> {
  const training = await Trainer.begin(policy, objective, examples, options, Random.seeded(seed));
  const records = await taken(training);
  await training.end();
  return { records, parameters: await policy.parameters() };
}

/** Returns the records of the remaining steps, or of the first `count` of them. */
async function taken<Example>(training: Trainer<Example>, count = Infinity): Promise<StepRecord[]> {
  const records: StepRecord[] = [];
  for await (const record of training.steps()) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

/** Pairs with reference log-probabilities from the policy itself. */
async function pairsOf(policy: Policy, count: number): Promise<ReferencedPair[]> {
  const random = Random.seeded(8);
  const sequences = Array.from({ length: count }, () => {
    const [chosen, other] = randomSequences(2, random) as [ReferencedPair["chosen"], ReferencedPair["chosen"]];
    return [chosen, { ...other, prompt: chosen.prompt }];
  }).flat();
  const logProbs = await responseLogProbs(policy, sequences);
  return Array.from({ length: count }, (_, i) => ({
    chosen: sequences[2 * i]!,
    rejected: sequences[2 * i + 1]!,
    referenceChosen: logProbs[2 * i]!,
    referenceRejected: logProbs[2 * i + 1]!,
  }));
}

function assertCloseParameters(found: Parameters, expected: Parameters, tolerance: number): void {
  assert.equal(found.size, expected.size);
  for (const [name, { data }] of expected) {
    const difference = largestDifference(found.get(name)!.data, data);
    assert.ok(difference <= tolerance, `${name}: ${difference}`);
  }
}

for (const name of llamaCases) {
  describe(`five steps of DPO (${name})`, () => {
    const fixture = loadLlamaCase(name);

    async function fiveSteps(microBatchSize?: number) {
      const { config, parameters, referencedPairs, training, dpo: loss } = await fixture;
      const {
        weightDecay,
        epsilon,
        maxGradNorm,
        learningRate,
        betas: [beta1, beta2],
      } = training;
      const policy = await Policy.create(programs, { config, parameters, tokenizer: byteTokenizer });
      const options: TrainingOptions = {
        batchSize: referencedPairs.length,
        ...(microBatchSize && { microBatchSize }),
        epochs: training.steps,
        learningRate,
        schedule: "constant",
        adamW: { beta1, beta2, epsilon, weightDecay, maxGradNorm },
      };
      const result = await train(policy, preference(dpo(loss)), referencedPairs, options);
      await policy.free();
      return result;
    }

    it("match PyTorch's losses, gradient norms and parameters", async () => {
      const { training, trained } = await fixture;
      const { records, parameters } = await fiveSteps();
      assertClose(
        records.map(({ loss }) => loss),
        training.losses,
        1e-5,
        "loss",
      );
      assertClose(
        records.map(({ grad_norm }) => grad_norm),
        training.gradNorms,
        1e-5,
        "grad_norm",
      );
      assertCloseParameters(parameters, trained, 5e-5);
    });

    it("are the same with gradients accumulated over micro-batches, of equal sizes or not", async () => {
      const { training, trained } = await fixture;
      for (const microBatchSize of [1, 3]) {
        const { records, parameters } = await fiveSteps(microBatchSize);
        assertClose(
          records.map(({ loss }) => loss),
          training.losses,
          1e-5,
          "loss",
        );
        assertClose(
          records.map(({ grad_norm }) => grad_norm),
          training.gradNorms,
          1e-5,
          "grad_norm",
        );
        assertCloseParameters(parameters, trained, 5e-5);
      }
    });
  });
}

describe("a training", () => {
  const options: TrainingOptions = { batchSize: 4, epochs: 2, learningRate: 3e-3, schedule: "cosine", warmup: 0.2 };

  it("starts at ln 2 if the policy is the reference, and learns to prefer the chosen responses", async () => {
    const policy = await tinyPolicy(programs);
    const pairs = await pairsOf(policy, 8);
    const { records } = await train(policy, preference(dpo({ beta: 0.1 })), pairs, {
      ...options,
      batchSize: 8,
      epochs: 10,
    });
    const [first] = records;
    assertClose([first!.loss], [Math.LN2], 1e-5, "first loss");
    for (const name of ["rewards/chosen", "rewards/rejected", "rewards/margins"])
      assertClose([first![name]!], [0], 1e-5, name);
    const last = records.at(-1)!;
    assert.ok(last.loss < 0.3, `last loss ${last.loss}`);
    assert.equal(last["rewards/accuracies"], 1);
    assert.ok(last["rewards/margins"]! > 1);
  });

  it("reports each step under TRL's names", async () => {
    const policy = await tinyPolicy(programs);
    const pairs = await pairsOf(policy, 10);
    const { records } = await train(policy, preference(dpo({ beta: 0.1 })), pairs, {
      ...options,
      schedule: "linear",
      warmup: 0,
    });
    assert.deepEqual(
      records.map(({ step }) => step),
      [1, 2, 3, 4, 5, 6],
    );
    assertClose(
      records.map(({ epoch }) => epoch),
      [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2],
      1e-12,
      "epoch",
    );
    assertClose(
      records.map((record) => record.learning_rate),
      [6, 5, 4, 3, 2, 1].map((k) => k * 5e-4),
      1e-12,
      "learning_rate",
    );
    const tokens = pairs
      .flatMap(({ chosen, rejected }) => [chosen, rejected])
      .reduce((sum, { prompt, response }) => sum + prompt.length + response.length, 0);
    assert.deepEqual([records[2]!.num_tokens, records[5]!.num_tokens], [tokens, 2 * tokens]);
    const names = ["epoch", "grad_norm", "learning_rate", "logps/chosen", "logps/rejected", "loss", "num_tokens"];
    const rewards = ["rewards/accuracies", "rewards/chosen", "rewards/margins", "rewards/rejected", "step"];
    assert.deepEqual(Object.keys(records[0]!).sort(), [...names, ...rewards]);
    for (const record of records) {
      assertClose([record["rewards/margins"]!], [record["rewards/chosen"]! - record["rewards/rejected"]!], 1e-9);
    }
  });

  it("weights all response tokens of a step equally, also across micro-batches", async () => {
    const sequences = randomSequences(7, Random.seeded(2));
    const whole = await train(await tinyPolicy(programs), supervised, sequences, { ...options, batchSize: 7 });
    const parts = await train(await tinyPolicy(programs), supervised, sequences, {
      ...options,
      batchSize: 7,
      microBatchSize: 2,
    });
    assertClose(
      parts.records.map(({ loss }) => loss),
      whole.records.map(({ loss }) => loss),
      1e-5,
      "loss",
    );
    assertCloseParameters(parts.parameters, whole.parameters, 5e-5);
    const logProbs = await responseLogProbs(await tinyPolicy(programs), sequences);
    const tokens = sequences.reduce((sum, { response }) => sum + response.length, 0);
    assertClose([whole.records[0]!.loss], [-logProbs.reduce((a, b) => a + b) / tokens], 1e-5, "first loss");
  });

  it("gives the same bytes with the same seed, and different parameters with another", async () => {
    const sequences = randomSequences(12, Random.seeded(2));
    const once = await train(await tinyPolicy(programs), supervised, sequences, options);
    const again = await train(await tinyPolicy(programs), supervised, sequences, options);
    assert.deepEqual(again.records, once.records);
    assertSameTensors(again.parameters, once.parameters);
    const other = await train(await tinyPolicy(programs), supervised, sequences, options, 4);
    assert.throws(() => assertSameTensors(other.parameters, once.parameters));
  });

  for (const microBatchSize of [4, 2]) {
    it(`resumes with the same bytes as an uninterrupted one (micro-batches of ${microBatchSize})`, async () => {
      const settings = { ...options, microBatchSize };
      const policy = await tinyPolicy(programs);
      const pairs = await pairsOf(policy, 13);
      const objective = preference(dpo({ beta: 0.1 }));
      const expected = await train(policy, objective, pairs, settings);

      for (const stopAt of [1, 5]) {
        const stopped = await tinyPolicy(programs);
        const first = await Trainer.begin(stopped, objective, pairs, settings, Random.seeded(3));
        const records = await taken(first, stopAt);
        const position = await first.state();
        assert.equal(position.step, stopAt);
        const parameters = await stopped.parameters();

        // Another engine, so that nothing is left of the first training but the state that was read.
        const elsewhere = new OnnxEngine({ threads: 1 });
        const resumed = await Policy.create(new ProgramCache(elsewhere), {
          config: tinyConfig,
          parameters,
          tokenizer: byteTokenizer,
        });
        const second = await Trainer.begin(resumed, objective, pairs, settings, Random.seeded(3), { from: position });
        assert.equal(second.total, 8);
        assert.deepEqual([...records, ...(await taken(second))], expected.records);
        assertSameTensors(await resumed.parameters(), expected.parameters);
        await elsewhere.close();
      }
    });
  }

  for (const config of [tinyConfig, gptNeoXConfig, gpt2Config]) {
    it(`gives the same numbers with recomputation, in micro-batches or not (${config.architecture})`, async () => {
      const parameters = initialParameters(config, Random.seeded(1));
      const policy = () => Policy.create(programs, { config, parameters, tokenizer: byteTokenizer });
      const pairs = await pairsOf(await policy(), 4);
      for (const microBatchSize of [4, 3]) {
        const settings = { ...options, microBatchSize };
        const kept = await train(await policy(), preference(dpo({ beta: 0.1 })), pairs, settings);
        const recomputed = await train(await policy(), preference(dpo({ beta: 0.1 })), pairs, {
          ...settings,
          recompute: true,
        });
        assertClose(
          recomputed.records.map(({ loss }) => loss),
          kept.records.map(({ loss }) => loss),
          1e-6,
          "loss",
        );
        assertClose(
          recomputed.records.map(({ grad_norm }) => grad_norm),
          kept.records.map(({ grad_norm }) => grad_norm),
          1e-5,
          "grad_norm",
        );
        assertCloseParameters(recomputed.parameters, kept.parameters, 1e-5);
      }
    });
  }

  it("throws a DivergenceError that suggests a lower learning rate if the numbers diverge", async () => {
    const policy = await tinyPolicy(programs);
    const training = await Trainer.begin(
      policy,
      supervised,
      randomSequences(8, Random.seeded(2)),
      { ...options, learningRate: 1e30 },
      Random.seeded(3),
    );
    await assert.rejects(
      taken(training),
      /^DivergenceError: training diverged at step \d: loss .*, gradient norm .*; try a learning rate below 1e\+30$/,
    );
  });

  it("frees its optimizer state at the end, but not the policy", async () => {
    const policy = await tinyPolicy(programs);
    const training = await Trainer.begin(
      policy,
      supervised,
      randomSequences(4, Random.seeded(2)),
      options,
      Random.seeded(3),
    );
    await training.end();
    await assert.rejects(training.state(), /this state has been freed/);
    await policy.parameters();
  });
});

describe("an abort signal", () => {
  it("stops a step between its micro-batches and discards the step", async () => {
    const controller = new AbortController();
    let asked = 0;
    /** Aborts when the third step prepares its first micro-batch; each step prepares two of them and an update. */
    class StoppingCache extends ProgramCache {
      override get(key: string, build: () => Program) {
        if (++asked === 3 * 2 + 1) controller.abort(new Error("stopped"));
        return super.get(key, build);
      }
    }
    const options = { batchSize: 4, microBatchSize: 2, epochs: 2, learningRate: 1e-2 };
    const examples = randomSequences(8, Random.seeded(5));
    const whole = await train(await tinyPolicy(programs), supervised, examples, options);

    const policy = await tinyPolicy(new StoppingCache(engine));
    const stopped = await Trainer.begin(policy, supervised, examples, options, Random.seeded(3));
    const reported: number[] = [];
    await assert.rejects(async () => {
      for await (const { step } of stopped.steps(controller.signal)) reported.push(step);
    }, /stopped/);
    assert.deepEqual(reported, [1, 2]);
    const position = await stopped.state();
    assert.equal(position.step, 2);
    const rest = await Trainer.begin(policy, supervised, examples, options, Random.seeded(3), { from: position });
    await taken(rest);
    assertSameTensors(await policy.parameters(), whole.parameters);
  });
});
