import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { supervised } from "../../../../src/align/sft.js";
import { Trainer } from "../../../../src/align/trainer.js";
import { Random } from "../../../../src/base/random.js";
import { OnnxEngine } from "../../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../../src/engine/program-cache.js";
import { gradients, Graph } from "../../../../src/graph/index.js";
import type { Tensor } from "../../../../src/graph/tensor.js";
import { decodeSequences, head } from "../../../../src/model/architectures/decoder.js";
import { readAdapter } from "../../../../src/model/checkpoint/adapters/adapter-files.js";
import { parseHuggingFaceConfig } from "../../../../src/model/checkpoint/hugging-face-config.js";
import { readSafetensors } from "../../../../src/model/checkpoint/safetensors/safetensors.js";
import type { LoraConfig } from "../../../../src/model/config.js";
import {
  allLinear,
  initialLora,
  loraLayers,
  loraShapes,
  mergeLora,
  trainedShapes,
  unmergeLora,
} from "../../../../src/model/parameters/lora/lora.js";
import { stateWeights } from "../../../../src/model/parameters/network.js";
import { initialParameters, linearLayers, type Parameters } from "../../../../src/model/parameters/parameters.js";
import { Policy } from "../../../../src/model/policy/policy.js";
import { loadAdapter, loadPolicy, savePolicy } from "../../../../src/model/policy/policy-files.js";
import { exactShape, layOut, rowsOf, type TokenSequence } from "../../../../src/model/scoring/batch.js";
import { batchLeaves, weightedTokenLogProbs } from "../../../../src/model/scoring/log-probs.js";
import { responseLogProbs } from "../../../../src/model/scoring/score.js";
import { runLayout } from "../../../../src/run/folder/layout.js";
import { RunFolder } from "../../../../src/run/folder/run-folder.js";
import { openRun } from "../../../../src/run/open-run.js";
import { seraMethod } from "../../../../src/sera.js";
import { emptyFolder } from "../../../support/folder.js";
import { loadModelCase } from "../../../support/model-case.js";
import { byteTokenizer, randomPairs, randomSequences, tinyConfig } from "../../../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const lora: LoraConfig = { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"] };

function assertClose(found: ArrayLike<number>, expected: ArrayLike<number>, relative: number, what: string): void {
  const norm = Math.sqrt(Array.from(expected).reduce((sum, value) => sum + value * value, 0));
  const distance = Math.sqrt(Array.from(expected).reduce((sum, value, i) => sum + (value - found[i]!) ** 2, 0));
  assert.ok(distance <= relative * norm, `${what}: ${distance} from ${norm}`);
}

describe("the targets of an adapter", () => {
  const targetsOf = (target: string) =>
    loraLayers(tinyConfig, { rank: 2, alpha: 4, targets: [target] }).map(({ name }) => name);
  const layers = linearLayers(tinyConfig)
    .map(({ name }) => name)
    .filter((name) => !name.includes("embed") && !name.includes("head"));

  it("match like regular expressions with .* for each star", () => {
    const parts = fc.constantFrom(
      "*",
      "*",
      ".",
      "model",
      "layers",
      "0",
      "1",
      "self_attn",
      "mlp",
      "q_proj",
      "k",
      "proj",
      "_",
      "up",
    );
    fc.assert(
      fc.property(fc.array(parts, { minLength: 1, maxLength: 6 }), (chosen) => {
        const target = chosen.join("");
        const pattern = new RegExp(`(^|\\.)${target.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
        const expected = layers.filter((name) => pattern.test(name));
        if (expected.length === 0) assert.throws(() => targetsOf(target), /found target/);
        else
          assert.deepEqual(
            targetsOf(target).filter((name) => layers.includes(name)),
            expected,
          );
      }),
      { numRuns: 500 },
    );
  });

  it("include routers and experts only if named without a star", async () => {
    const { config } = await loadModelCase("architectures/qwen3-moe");
    const found = (...targets: string[]) =>
      loraLayers(config, { rank: 2, alpha: 4, targets }).map(({ name }) => name.slice("model.layers.".length));
    const attention = (layer: number) => ["q", "k", "v", "o"].map((each) => `${layer}.self_attn.${each}_proj`);
    assert.deepEqual(found(...allLinear), [
      ...attention(0),
      ...["gate", "up", "down"].map((each) => `0.mlp.${each}_proj`),
      ...attention(1),
    ]);
    assert.deepEqual(found("gate"), ["1.mlp.gate"]);
    assert.deepEqual(found("up_proj"), [
      "0.mlp.up_proj",
      ...[0, 1, 2, 3, 4].map((expert) => `1.mlp.experts.${expert}.up_proj`),
    ]);
  });

  it("match quickly even with many stars", () => {
    const begin = performance.now();
    assert.throws(() => targetsOf(`${"*o*".repeat(30)}!`), /found target/);
    assert.ok(performance.now() - begin < 30_000);
  });
});

describe("LoRA compared with PEFT", () => {
  for (const name of ["llama", "gpt2"]) {
    const folder = `test/fixtures/lora/${name}`;
    const {
      config: fields,
      tokens,
      loss: expectedLoss,
      promptLength,
      ...settings
    } = JSON.parse(readFileSync(`${folder}.json`, "utf8"));
    const adapter = { ...settings } as LoraConfig;
    const read = async () => {
      const { tensors } = await readSafetensors(`${folder}.safetensors`);
      const part = (prefix: string) =>
        new Map(
          [...tensors]
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, value]) => [key.slice(prefix.length), value]),
        );
      return {
        base: part("base/"),
        adapter: part("adapter/"),
        gradient: part("gradient/"),
        logits: tensors.get("logits")!,
        reference: tensors.get("reference")!,
      };
    };
    const config = parseHuggingFaceConfig(JSON.stringify(fields), folder);
    const logitsOf = async (policy: Policy) => {
      const graph = new Graph();
      const hidden = decodeSequences(
        policy.config,
        stateWeights(graph, policy.config),
        graph.input("tokens", "int32", [2, 9]),
      );
      const executable = await engine.prepare({
        outputs: { logits: head(policy.config, stateWeights(graph, policy.config), hidden) },
        updates: new Map(),
      });
      const { logits } = await executable.run({ tokens: Int32Array.from(tokens.flat()) }, policy.states);
      return logits!.data as Float32Array;
    };

    it(`${name}: logits match with the adapter, without it and merged; dropout is off outside training`, async () => {
      const { base, adapter: matrices, logits, reference } = await read();
      const model = await Policy.create(programs, { config, parameters: base, tokenizer: byteTokenizer });
      const policy = await model.withAdapter({ ...adapter, dropout: 0.5 }, matrices);
      assertClose(await logitsOf(policy), logits.data, 1e-5, "with");
      assertClose(await logitsOf(policy.withoutAdapter()), reference.data, 1e-5, "without");
      const merged = await Policy.create(programs, {
        config,
        parameters: await policy.mergedParameters(),
        tokenizer: byteTokenizer,
      });
      assertClose(await logitsOf(merged), logits.data, 1e-5, "merged");
    });

    it(`${name}: the loss and the gradients of all matrices match`, async () => {
      const { base, adapter: matrices, gradient } = await read();
      const adapted = { ...config, adapter };
      const examples: TokenSequence[] = tokens.map((row: number[]) => ({
        prompt: Int32Array.from(row.slice(0, promptLength)),
        response: Int32Array.from(row.slice(promptLength)),
      }));
      const rows = rowsOf(examples, false);
      const shape = exactShape(rows);
      const graph = new Graph();
      const leaves = batchLeaves(graph, shape);
      const tokenLogProbs = weightedTokenLogProbs(adapted, stateWeights(graph, adapted), leaves);
      const without = () => assert.fail("supervised fine-tuning has no head");
      const { loss } = supervised.build({
        ...leaves,
        tokenLogProbs,
        slots: examples.length,
        columns: [],
        hidden: without,
        head: without,
      });
      const shapes = [...trainedShapes(adapted)];
      const slopes = gradients(
        loss,
        shapes.map(([key, size]) => graph.state(key, "float32", size)),
      );
      const executable = await engine.prepare({
        outputs: { loss, ...Object.fromEntries(shapes.map(([key], i) => [key, slopes[i]!])) },
        updates: new Map(),
      });
      const { tokenWeight, feeds } = supervised.feed(examples, {
        step: examples,
        slots: examples.length,
        tokens: shape.completions,
        columns: [],
      });
      const states = [await engine.createState(base), await engine.createState(matrices)];
      const found = await executable.run({ ...layOut(rows, shape, 0, tokenWeight as number), ...feeds }, states);
      assertClose(found.loss!.data, [expectedLoss], 1e-5, "loss");
      assert.deepEqual(shapes.map(([key]) => key).sort(), [...gradient.keys()].sort());
      for (const [key, { data }] of gradient) assertClose(found[key]!.data, data, 1e-4, key);
    });
  }
});

describe("LoRA", () => {
  const parameters = initialParameters(tinyConfig, Random.seeded(1));
  const sequences = randomSequences(8, Random.seeded(2));
  const bytes = (tensors: Parameters) =>
    [...tensors].map(([key, { data }]) => [key, Buffer.from(data.buffer).toString("hex")]);

  it("starts out equal to the base, changes only the adapter in training, and merges to the same scores", async () => {
    const model = await Policy.create(programs, { config: tinyConfig, parameters, tokenizer: byteTokenizer });
    const policy = await model.withAdapter(lora, initialLora(tinyConfig, lora, Random.seeded(3)));
    const before = await responseLogProbs(model, sequences);
    assert.deepEqual(await responseLogProbs(policy, sequences), before);
    const training = await Trainer.begin(
      policy,
      supervised,
      sequences,
      { batchSize: 4, epochs: 2, learningRate: 0.05 },
      Random.seeded(4),
    );
    for await (const { loss } of training.steps()) assert.ok(Number.isFinite(loss));
    await training.end();
    const after = await responseLogProbs(policy, sequences);
    assert.ok(after.every((value, i) => value !== before[i]));
    assert.ok(after.reduce((a, b) => a + b) > before.reduce((a, b) => a + b), "it learned");
    assert.deepEqual(await responseLogProbs(policy.withoutAdapter(), sequences), before);
    assert.deepEqual(bytes(await model.parameters()), bytes(parameters));
    assert.deepEqual([...(await policy.parameters()).keys()], [...loraShapes(tinyConfig, lora).keys()]);
    assertClose(
      await responseLogProbs(
        await Policy.create(programs, {
          config: tinyConfig,
          parameters: await policy.mergedParameters(),
          tokenizer: byteTokenizer,
        }),
        sequences,
      ),
      after,
      1e-5,
      "merged",
    );
  });

  it("keeps the shared base usable after an adapter or a view of the base is freed", async () => {
    const model = await Policy.create(programs, { config: tinyConfig, parameters, tokenizer: byteTokenizer });
    const policy = await model.withAdapter(lora, initialLora(tinyConfig, lora, Random.seeded(3)));
    const expected = await responseLogProbs(model, sequences);
    await policy.withoutAdapter().free();
    await policy.free();
    assert.deepEqual(await responseLogProbs(model, sequences), expected);
  });

  it("restores the base weights when a merged adapter is unmerged", () => {
    const trained = new Map(
      [...initialLora(tinyConfig, lora, Random.seeded(5))].map(([key, value]): [string, Tensor<"float32">] => [
        key,
        { ...value, data: value.data.map((x, i) => x + 0.01 * (i % 7)) },
      ]),
    );
    const back = unmergeLora(tinyConfig, lora, mergeLora(tinyConfig, lora, parameters, trained), trained);
    for (const [key, { data }] of parameters) assertClose(back.get(key)!.data, data, 1e-6, key);
  });

  it("selects layers by the end of their names, by pattern, or all except the head", () => {
    const names = (targets: readonly string[]) => loraLayers(tinyConfig, { ...lora, targets }).map(({ name }) => name);
    assert.deepEqual(names(["q_proj"]), ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj"]);
    assert.deepEqual(names(["layers.1.*.v_proj"]), ["model.layers.1.self_attn.v_proj"]);
    const untied = { ...tinyConfig, tiedEmbeddings: false };
    assert.deepEqual(
      loraLayers(untied, { ...lora, targets: allLinear }).map(({ name }) => name),
      linearLayers(untied)
        .slice(0, -1)
        .map(({ name }) => name),
    );
    assert.equal(loraLayers(untied, { ...lora, targets: ["lm_head"] }).length, 1);
  });

  it("throws an InputError for an unknown target, no targets, or an invalid rank or dropout", () => {
    const wrong = (changed: Partial<LoraConfig>, message: RegExp) =>
      assert.throws(() => loraLayers(tinyConfig, { ...lora, ...changed }), { name: "InputError", message });
    wrong(
      { targets: ["q_prj"] },
      /^lora: found target "q_prj", expected the end of a linear layer's name: q_proj, k_proj/,
    );
    wrong({ targets: [] }, /^lora: no targets given; name at least one$/);
    wrong({ rank: 0 }, /^lora: found rank 0/);
    wrong({ dropout: 1 }, /^lora: found dropout 1, expected a share in \[0, 1\)$/);
  });
});

describe("an adapter on disk", () => {
  const parameters = initialParameters(tinyConfig, Random.seeded(1));
  const sequences = randomSequences(8, Random.seeded(2));

  it("has PEFT's names and shapes, and loads with the dropout, base model and scores it was saved with", async (test) => {
    const folder = join(emptyFolder(test), "adapter");
    const model = await Policy.create(
      programs,
      { config: tinyConfig, parameters, tokenizer: byteTokenizer },
      "org/base",
    );
    for (const [targets, dropout] of [
      [lora.targets, 0],
      [["layers.1.*"], 0.25],
    ] as const) {
      const adapter = { ...lora, targets, dropout };
      const policy = await model.withAdapter(adapter, randomLora(adapter));
      await savePolicy(policy, folder);
      const { tensors } = await readSafetensors(join(folder, "adapter_model.safetensors"));
      const shapes = loraLayers(tinyConfig, adapter).flatMap(({ name, inputs, outputs }): [string, number[]][] => [
        [`base_model.model.${name}.lora_A.weight`, [2, inputs]],
        [`base_model.model.${name}.lora_B.weight`, [outputs, 2]],
      ]);
      assert.deepEqual([...tensors].map(([name, { shape }]) => [name, [...shape]]).sort(), shapes.sort());
      const { config } = await readAdapter(folder);
      assert.deepEqual([config.baseModel, config.dropout], ["org/base", dropout]);
      const again = await loadPolicy(programs, folder, model);
      assert.equal(again.config.adapter!.dropout ?? 0, dropout);
      assert.deepEqual(await responseLogProbs(again, sequences), await responseLogProbs(policy, sequences));
    }
  });

  it("is rejected on a model with other shapes", async (test) => {
    const folder = join(emptyFolder(test), "adapter");
    const model = await Policy.create(programs, { config: tinyConfig, parameters, tokenizer: byteTokenizer });
    await savePolicy(await model.withAdapter(lora, randomLora(lora)), folder);
    const wider = { ...tinyConfig, intermediateSize: 32 };
    const other = await Policy.create(programs, {
      config: wider,
      parameters: initialParameters(wider, Random.seeded(1)),
      tokenizer: byteTokenizer,
    });
    await assert.rejects(loadAdapter(other, folder), {
      name: "InputError",
      message: /down_proj\.lora_A\.weight" of shape \[2,24\], expected \[2,32\]/,
    });
  });

  it("is all that a run on a base trains and saves; the base is unchanged", async (test) => {
    const base = await Policy.create(programs, { config: tinyConfig, parameters, tokenizer: byteTokenizer });
    const start = await base.withAdapter(lora, initialLora(tinyConfig, lora, Random.seeded(3)));
    const training = { batchSize: 4, epochs: 1, learningRate: 1e-2 };
    const options = {
      beta: 0.1,
      iterations: 2,
      select: 0.5,
      bootstrap: 0.5,
      responses: 2,
      seed: 1,
      ...training,
      maxNewTokens: 4,
    };
    const pairs = randomPairs(8, Random.seeded(2));
    const { folder: path, summary } = await openRun(
      seraMethod(options),
      { start, pairs },
      { folder: emptyFolder(test) },
    );
    const folder = await RunFolder.open(path);
    assert.deepEqual(
      summary.iterations.map(({ pairsSelected }) => pairsSelected),
      [null, 8, 4],
    );
    assert.deepEqual(readdirSync(folder.file("iteration-2/model")).sort(), [
      "adapter_config.json",
      "adapter_model.safetensors",
    ]);
    const first = (await folder.readRows(runLayout.metrics))[0]!;
    assert.ok(Math.abs(Number(first.loss) - Math.log(2)) < 1e-6, "the reference is the base");
    assert.deepEqual(await base.parameters(), parameters);
  });
});

function randomLora(adapter: LoraConfig): Parameters {
  const random = Random.seeded(9);
  return new Map(
    [...initialLora(tinyConfig, adapter, random)].map(([key, value]) => [
      key,
      { ...value, data: value.data.map(() => 0.1 * random.normal()) },
    ]),
  );
}
