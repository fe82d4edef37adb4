import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { TfjsEngine } from "../../../src/engine/tfjs/engine.js";
import { openCheckpoint } from "../../../src/model/checkpoint/checkpoint.js";
import type { LlamaConfig, LoraConfig, ModelConfig } from "../../../src/model/config.js";
import { generate } from "../../../src/model/generation/generate.js";
import { allLinear, initialLora } from "../../../src/model/parameters/lora/lora.js";
import { initialParameters } from "../../../src/model/parameters/parameters.js";
import { quantizedNames } from "../../../src/model/parameters/quantization/quantized-weights.js";
import { Policy } from "../../../src/model/policy/policy.js";
import { responseLogProbs } from "../../../src/model/scoring/score.js";
import { openRun } from "../../../src/run/open-run.js";
import { assertClose } from "../../support/compare.js";
import { dpoSteps } from "../../support/dpo-steps.js";
import { emptyFolder } from "../../support/folder.js";
import { RecordingPrograms } from "../../support/recording-programs.js";
import {
  byteTokenizer,
  gpt2Config,
  gptNeoXConfig,
  randomPairs,
  randomSequences,
  tinyConfig,
} from "../../support/tiny-model.js";
import { resultsIn, tinySera } from "../../support/tiny-run.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const sizes = { hiddenSize: 32, intermediateSize: 64, headSize: 8 };
const config: LlamaConfig = { ...tinyConfig, ...sizes };
const sequences = randomSequences(8, Random.seeded(2));

function policyOf(
  given: ModelConfig,
  parameters = initialParameters(given, Random.seeded(1)),
  where = programs,
): Promise<Policy> {
  return Policy.create(where, { config: given, parameters, tokenizer: byteTokenizer });
}

describe("a policy in int8 or int4", () => {
  const models: readonly ModelConfig[] = [
    config,
    { ...config, tiedEmbeddings: false },
    { ...gptNeoXConfig, ...sizes },
    { ...gpt2Config, ...sizes },
  ];
  for (const weights of ["int8", "int4"] as const) {
    it(`scores like a float32 model with its dequantized weights (${weights})`, async () => {
      for (const model of models) {
        await using held = await policyOf({ ...model, weights });
        await using plain = await policyOf(model, await held.parameters());
        const found = await responseLogProbs(held, sequences);
        assertClose(found, await responseLogProbs(plain, sequences), 1e-5);
        await using original = await policyOf(model);
        const before = await responseLogProbs(original, sequences);
        const off = Math.max(...found.map((value, i) => Math.abs(value / before[i]! - 1)));
        assert.ok(off > 1e-6 && off < (weights === "int8" ? 0.05 : 0.3), `${model.architecture}: off by ${off}`);
      }
    });
  }

  it("generates the same tokens with the same seed, with frozen weights even in short responses", async () => {
    const recording = new RecordingPrograms(engine);
    await using policy = await policyOf({ ...config, weights: "int8" }, undefined, recording);
    const write = async () => {
      const tokens: number[][] = [];
      const requests = sequences.map(({ prompt }, i) => ({ key: `${i}`, prompt, responses: 2 }));
      for await (const batch of generate(policy, requests, Random.seeded(4), { temperature: 1, maxNewTokens: 8 }))
        tokens.push(...batch.map((one) => [...one.tokens]));
      return tokens;
    };
    assert.deepEqual(await write(), await write());
    assert.ok(recording.frozen.includes(true));
  });

  it("is saved in float32 and loads with the same values and the same blocks", async (test) => {
    const folder = join(emptyFolder(test), "model");
    await using policy = await policyOf({ ...config, weights: "int8" });
    await policy.save(folder);
    const { config: saved, weights } = await openCheckpoint(folder);
    await weights.close();
    assert.equal(saved.weights, undefined);
    await using plain = await Policy.load(programs, folder);
    assert.deepEqual(await plain.parameters(), await policy.parameters());
    await using again = await Policy.load(programs, folder, folder, "int8");
    const { blocks } = quantizedNames("model.layers.0.mlp.down_proj.weight");
    assert.deepEqual(await again.states[0]!.read([blocks]), await policy.states[0]!.read([blocks]));
  });

  it("has another fingerprint than in float32 and displays its weight type", async () => {
    await using held = await policyOf({ ...config, weights: "int4" });
    await using plain = await policyOf(config);
    const [found, other] = [await held.fingerprint(), await plain.fingerprint()];
    assert.deepEqual([found.weights, other.weights], ["int4", undefined]);
    assert.notEqual(found.config, other.config);
    assert.match(`${held}`, /parameters in int4/);
  });

  it("shares a base only with policies of the same weight type", async (test) => {
    const folder = join(emptyFolder(test), "model");
    await (await policyOf(config)).save(folder);
    const before = engine.stateBytes;
    await using first = await Policy.loadBase(programs, folder, folder, "int8");
    const own = engine.stateBytes - before;
    await using second = await Policy.loadBase(programs, folder, folder, "int8");
    assert.equal(engine.stateBytes - before, own);
    await using plain = await Policy.loadBase(programs, folder);
    assert.ok(engine.stateBytes - before > 3 * own);
    assert.deepEqual(
      [first, second, plain].map(({ config: { weights } }) => weights),
      ["int8", "int8", undefined],
    );
  });

  it("is refused by engines that cannot compute it", async () => {
    const tfjs = new TfjsEngine({ backend: "cpu" });
    await assert.rejects(policyOf({ ...config, weights: "int8" }, undefined, new ProgramCache(tfjs)), {
      name: "InputError",
      message:
        "weights: int8 is computed by the engine onnx on cpu, and not by tfjs on cpu; choose that engine, or leave weights out",
    });
    await tfjs.close();
  });

  it("cannot be trained without an adapter", async (test) => {
    await using start = await policyOf({ ...config, weights: "int8" });
    const message = /^weights: the matrices of a model in int8 cannot be trained; train adapters/;
    await assert.rejects(
      openRun(tinySera(), { start, pairs: randomPairs(4, Random.seeded(2)) }, { folder: emptyFolder(test) }),
      { name: "InputError", message },
    );
    await assert.rejects(dpoSteps(start, 4, { learningRate: 1e-2 }), { name: "InputError", message });
    await assert.rejects(start.prepareToWrite(), { name: "InputError", message });
  });
});

describe("an adapter on a base in int8", () => {
  const lora: LoraConfig = { rank: 2, alpha: 4, targets: allLinear };
  const adapted = (base: Policy) => base.withAdapter(lora, initialLora(base.config, lora, Random.seeded(3)));

  for (const recompute of [false, true]) {
    it(`trains as on the same values in float32${recompute ? ", recomputing" : ""}`, async () => {
      await using held = await policyOf({ ...config, weights: "int8" });
      await using plain = await policyOf(config, await held.parameters());
      const before = await held.states[0]!.read();
      const [found, expected] = [
        await dpoSteps(await adapted(held), 12, { learningRate: 1e-2, recompute }),
        await dpoSteps(await adapted(plain), 12, { learningRate: 1e-2, recompute }),
      ];
      found.records.forEach(({ loss, grad_norm }, i) =>
        assertClose([loss, grad_norm], [expected.records[i]!.loss, expected.records[i]!.grad_norm], 1e-4),
      );
      assert.ok(expected.records[0]!.grad_norm > 1e-3);
      assert.deepEqual([...found.parameters.keys()], [...expected.parameters.keys()]);
      for (const [name, { data }] of expected.parameters)
        assertClose(found.parameters.get(name)!.data, data, 1e-3, name);
      assert.deepEqual(await held.states[0]!.read(), before, "the base is unchanged");
    });
  }

  it("merges into the float32 values of the base", async () => {
    await using base = await policyOf({ ...config, weights: "int8" });
    await using policy = await adapted(base);
    const trained = new Map(
      [...(await policy.parameters())].map(([name, { data, ...rest }], i) => [
        name,
        { ...rest, data: data.map((x, at) => x + 0.02 * ((at + i) % 5)) },
      ]),
    );
    await using changed = await policy.withParameters(trained);
    await using merged = await policyOf(config, await changed.mergedParameters());
    assertClose(await responseLogProbs(merged, sequences), await responseLogProbs(changed, sequences), 1e-4);
  });

  it("gives a resumed run the same bytes as an uninterrupted one, and differs from one on a float32 base", async (test) => {
    const folder = emptyFolder(test);
    const start = async () => {
      await using base = await policyOf({ ...config, weights: "int8" });
      return adapted(base);
    };
    const method = tinySera({ rounds: 2 });
    const pairs = randomPairs(8, Random.seeded(2));
    const [whole, stopped] = [join(folder, "whole"), join(folder, "stopped")];
    await openRun(method, { start: await start(), pairs }, { folder: whole });
    const abort = new AbortController();
    let steps = 0;
    const onStep = () => void (++steps === 2 && abort.abort());
    await assert.rejects(
      openRun(method, { start: await start(), pairs }, { folder: stopped }, { onStep, signal: abort.signal }),
      { name: "AbortError" },
    );
    await openRun(method, { start: await start(), pairs }, { folder: stopped, mode: "resume" });
    assert.deepEqual(resultsIn(stopped), resultsIn(whole));
    await using plain = await policyOf(config);
    await assert.rejects(
      openRun(method, { start: await adapted(plain), pairs }, { folder: whole }),
      /model\.weights: "int8" there, none now/,
    );
  });
});
