import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { dpo } from "../../src/align/losses/dpo.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { Trainer, type StepRecord, type TrainingOptions } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import type { LoraConfig, MistralConfig, ModelConfig } from "../../src/model/config.js";
import { allLinear, initialLora } from "../../src/model/parameters/lora/lora.js";
import { initialParameters, type Parameters } from "../../src/model/parameters/parameters.js";
import { Policy } from "../../src/model/policy/policy.js";
import { assertClose, largestDifference } from "../support/compare.js";
import { byteTokenizer, gpt2Config, gptNeoXConfig, randomPairs, tinyConfig } from "../support/tiny-model.js";

/* The way examples are put into batches changes no number beyond float noise. */

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const mistralConfig: MistralConfig = { ...tinyConfig, architecture: "mistral", slidingWindow: 8 };
const adapter: LoraConfig = { rank: 4, alpha: 8, targets: allLinear };
const models: Readonly<Record<string, ModelConfig>> = {
  llama: tinyConfig,
  "llama with LoRA": { ...tinyConfig, adapter },
  "mistral with a window shorter than its prompts": mistralConfig,
  "gpt-neox": gptNeoXConfig,
  gpt2: gpt2Config,
};

async function createPolicy({ adapter: lora, ...config }: ModelConfig): Promise<Policy> {
  const own = config as ModelConfig;
  const model = await Policy.create(programs, {
    config: own,
    parameters: initialParameters(own, Random.seeded(1)),
    tokenizer: byteTokenizer,
  });
  return lora ? model.withAdapter(lora, initialLora(own, lora, Random.seeded(2))) : model;
}

const pairs = randomPairs(6, Random.seeded(4)).map(
  ({ prompt, chosen, rejected }, i): ReferencedPair => ({
    chosen: { prompt, response: chosen },
    rejected: { prompt, response: rejected },
    referenceChosen: -60 - i,
    referenceRejected: -70 + i,
  }),
);

/**
 * Each step has all pairs, so that their order only affects the order of summation. AdamW's ε is above the noise of
 * gradients that are 0 (those of the key biases), because AdamW would otherwise scale this noise up.
 */
const options: TrainingOptions = {
  batchSize: 6,
  epochs: 4,
  learningRate: 1e-3,
  sharePrompts: false,
  adamW: { epsilon: 1e-4 },
};

async function train(config: ModelConfig, change: Partial<TrainingOptions> = {}, examples = pairs, seed = 1) {
  const policy = await createPolicy(config);
  const training = await Trainer.begin(
    policy,
    preference(dpo({ beta: 0.1 })),
    examples,
    { ...options, ...change },
    Random.seeded(seed),
  );
  const records: StepRecord[] = [];
  for await (const record of training.steps()) records.push(record);
  await training.end();
  return { records, parameters: await policy.parameters() };
}

function assertSameTraining(
  found: { records: readonly StepRecord[]; parameters: Parameters },
  expected: { records: readonly StepRecord[]; parameters: Parameters },
): void {
  assert.equal(found.records.length, expected.records.length);
  for (const [i, record] of expected.records.entries()) {
    for (const [name, value] of Object.entries(record))
      assertClose([found.records[i]![name]!], [value], 2e-5, `step ${i + 1}, ${name}`);
  }
  for (const [name, { data }] of expected.parameters) {
    const difference = largestDifference(found.parameters.get(name)!.data, data);
    assert.ok(difference <= 5e-5, `${name}: ${difference}`);
  }
}

for (const [name, config] of Object.entries(models)) {
  describe(`training (${name})`, () => {
    const expected = train(config);

    it("gives the same result if prompts are read once for both responses", async () => {
      assertSameTraining(await train(config, { sharePrompts: true }), await expected);
    });

    it("gives the same result for another order of the pairs", async () => {
      assertSameTraining(await train(config, { sharePrompts: true }, pairs.toReversed(), 5), await expected);
    });

    it("gives the same result with gradients accumulated over micro-batches of other shapes and padding", async () => {
      for (const microBatchSize of [1, 4]) {
        for (const sharePrompts of [false, true])
          assertSameTraining(await train(config, { microBatchSize, sharePrompts }), await expected);
      }
    });
  });
}
